using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Takes coupons off the lines of an invoice, one after the other.</summary>
public static class CouponDiscounts
{
    /// <summary>
    /// The invoice with its discounts: coupons for some products first, then those for a plan, then all others, the oldest first; each is rounded once,
    /// never more than what is left of its lines, and spread over them by largest remainder.
    /// </summary>
    public static Invoice Apply(Invoice draft, IEnumerable<Redemption> coupons)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var invoice = draft;
        foreach (var coupon in InOrder(coupons))
        {
            invoice = Apply(invoice, coupon);
        }

        return invoice;
    }

    /// <summary>What a coupon takes off an amount: rounded once, and neither more than the amount nor less than nothing.</summary>
    public static Money Of(CouponTerms terms, Money amount)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var asked = terms.AmountOff ?? Money.Round(Exact.Multiply(amount.Amount, terms.PercentOff!.Value / 100m), amount.Currency);
        return Money.FromMinorUnits(Math.Clamp(asked.MinorUnits, 0, Math.Max(0, amount.MinorUnits)), amount.Currency);
    }

    internal static IEnumerable<Redemption> InOrder(IEnumerable<Redemption> coupons) =>
        coupons.OrderBy(item => item.Terms.Rank).ThenBy(item => item.At).ThenBy(item => item.Coupon.ToString(), StringComparer.Ordinal);

    private static Invoice Apply(Invoice invoice, Redemption coupon)
    {
        var eligible = LineSpread.OfNet(invoice with { Lines = ImmutableArray.CreateRange(invoice.Lines, line => line.RefersBack ? line with { Amount = Money.Zero(invoice.Currency), Discount = null } : line) }, coupon.Terms.IsFor);
        var amount = Of(coupon.Terms, eligible.Left);
        return amount.IsZero ? invoice : invoice with
        {
            Lines = [.. invoice.Lines.Zip(eligible.Shares(amount), (line, share) => share.IsZero ? line : line with { Discount = line.Discount + share ?? share })],
            Discounts = invoice.Discounts.Add(new InvoiceDiscount(coupon.Coupon, coupon.Description, amount)),
        };
    }
}
