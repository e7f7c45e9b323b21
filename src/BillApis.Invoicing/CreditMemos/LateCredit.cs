using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Works out what late usage takes back of an invoice, its discounts, credits and taxes included.</summary>
public static class LateCredit
{
    /// <summary>
    /// The lines of the credit memo; empty where the invoice cannot be credited that much, so that the adjustments go on the next invoice instead. Coupons are counted anew, as they are where an invoice adjusts;
    /// promotional credit and taxes follow in the ratio that the billed line has of them, rounded over all that was taken of the line so far: what several memos take adds up to what one would.
    /// </summary>
    /// <param name="origin">The invoice that billed the charges, and what adjusted it before.</param>
    /// <param name="adjustments">What the charges come to now, less what was billed.</param>
    public static ImmutableArray<CreditMemoLine> Of(BilledOrigin origin, IReadOnlyList<InvoiceLine> adjustments)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(adjustments);
        var (invoice, lines, taken) = (origin.Document, ImmutableArray.CreateBuilder<CreditMemoLine>(), origin.Adjusted);
        foreach (var adjustment in CorrectedDiscounts.Apply(invoice with { Lines = [.. adjustments], Discounts = [] }, [origin]).Lines)
        {
            var line = LineOf(origin.Invoice, adjustment);
            lines.Add(Of(invoice, line, adjustment, [.. taken.Where(item => item.Corrects == line.Id)]));
            taken = taken.Add(lines[^1].Adjustment! with { Corrects = line.Id });
        }

        var total = lines.Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.Gross);
        return (invoice.IsOpen || invoice.Status is InvoiceStatus.Paid) && total > Money.Zero(invoice.Currency) && total <= invoice.Total - invoice.Credited ? lines.ToImmutable() : [];
    }

    private static InvoiceLine LineOf(Invoice invoice, InvoiceLine adjustment)
    {
        var billed = invoice.Lines.Where(line => line.Price == adjustment.Price && line.Period == adjustment.Period && line is { RefersBack: false, Kind: not LineKind.Adjustment }).ToList();
        return invoice.Lines.FirstOrDefault(item => item.Id == adjustment.Corrects) ?? billed.Find(item => BilledGroup.KeyOf(item.Group) == BilledGroup.KeyOf(adjustment.Group)) ?? billed[0];
    }

    // The ratio is that of the line that was billed, or of the whole invoice where nothing is left of that line.
    private static CreditMemoLine Of(Invoice invoice, InvoiceLine line, InvoiceLine adjustment, ImmutableArray<InvoiceLine> taken)
    {
        var none = Money.Zero(invoice.Currency);
        Money Discounted(InvoiceLine item) => item.Amount - (item.Discount ?? none);
        var credit = Discounted(line).IsZero ? (Part: invoice.CreditTotal, Whole: invoice.Subtotal - invoice.DiscountTotal) : (Part: line.Credit ?? none, Whole: Discounted(line));
        var credited = credit.Whole.IsZero ? none : Share(Discounted(adjustment), credit.Part, credit.Whole, taken.Aggregate(none, (sum, item) => sum + Discounted(item)));
        var counted = credited.IsZero ? adjustment : adjustment with { Credit = credited };
        var (whole, net, gross) = line.Net.IsZero ? (invoice.Subtotal - invoice.DiscountTotal - invoice.CreditTotal, invoice.Total - invoice.TaxTotal, invoice.Total) : (line.Net, line.NetOfTax, line.Gross);
        var before = taken.Aggregate(none, (sum, item) => sum + item.Net);
        var (without, with) = (Share(-counted.Net, net, whole, -before), Share(-counted.Net, gross, whole, -before));
        return new CreditMemoLine(line.Id, adjustment.Description, without, with - without, line.InAdvance) { Adjustment = counted };
    }

    // Rounded over all that was taken: so the shares add up to that of the sum.
    private static Money Share(Money amount, Money part, Money whole, Money before) => whole.IsZero ? amount : Rounded(before + amount, part, whole) - Rounded(before, part, whole);

    private static Money Rounded(Money amount, Money part, Money whole) => Money.Round(Exact.Multiply(amount.Amount, part.Amount) / whole.Amount, amount.Currency);
}
