using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>What an invoice would have been less, had all usage been known: its adjustments as lines of a credit memo.</summary>
public static class LateCredit
{
    /// <summary>The lines of the credit memo; empty where the adjustments do not lessen the invoice, or by more than is left to credit of it.</summary>
    /// <param name="invoice">The invoice that billed the charges.</param>
    /// <param name="adjustments">What they come to more, or less, now.</param>
    public static ImmutableArray<CreditMemoLine> Of(Invoice invoice, IReadOnlyList<InvoiceLine> adjustments)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(adjustments);
        ImmutableArray<CreditMemoLine> lines = [.. adjustments.Select(adjustment => Of(invoice, adjustment))];
        var total = lines.Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.Gross);
        return (invoice.IsOpen || invoice.Status is InvoiceStatus.Paid) && total > Money.Zero(invoice.Currency) && total <= invoice.Total - invoice.Credited ? lines : [];
    }

    // The share of discounts and taxes is that of the line that was billed, or of the whole invoice where that line was nothing.
    private static CreditMemoLine Of(Invoice invoice, InvoiceLine adjustment)
    {
        var billed = invoice.Lines.Where(line => line.Price == adjustment.Price && line.Period == adjustment.Period && line.Kind is not LineKind.Adjustment).ToList();
        var line = invoice.Lines.FirstOrDefault(item => item.Id == adjustment.Corrects) ?? billed.Find(item => BilledGroup.KeyOf(item.Group) == BilledGroup.KeyOf(adjustment.Group)) ?? billed[0];
        var (amount, net, gross) = line.Amount.IsZero
            ? (invoice.Subtotal, invoice.Total - invoice.TaxTotal, invoice.Total)
            : (line.Amount, line.NetOfTax, line.Gross);
        var (without, with) = (Share(-adjustment.Amount, net, amount), Share(-adjustment.Amount, gross, amount));
        return new CreditMemoLine(line.Id, adjustment.Description, without, with - without, line.InAdvance) { Adjustment = adjustment };
    }

    private static Money Share(Money amount, Money part, Money whole) => whole.IsZero
        ? amount
        : Money.Round(Exact.Multiply(amount.Amount, part.Amount) / whole.Amount, amount.Currency);
}
