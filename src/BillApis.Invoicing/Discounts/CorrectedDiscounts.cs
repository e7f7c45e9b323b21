namespace BillApis.Invoicing;

/// <summary>Counts the coupons of earlier invoices anew with the adjustments that a new one has of them: what they would have taken off more, or less, had all usage been known.</summary>
internal static class CorrectedDiscounts
{
    /// <summary>The invoice with these discounts on its adjustments.</summary>
    public static Invoice Apply(Invoice invoice, IEnumerable<BilledOrigin> origins) => origins.Aggregate(invoice, Apply);

    private static Invoice Apply(Invoice invoice, BilledOrigin origin)
    {
        var adjustments = invoice.Lines.Where(origin.Has).ToList();
        var (before, now) = (origin.Discounts(), origin.DiscountsWith(adjustments));
        var none = Money.Zero(invoice.Currency);
        var changes = origin.Coupons.Where(coupon => adjustments.Exists(coupon.Terms.IsFor)).Select(coupon => (Coupon: coupon, Change: now.GetValueOrDefault(coupon.Coupon, none) - before.GetValueOrDefault(coupon.Coupon, none))).ToList();
        if (changes.Count > 0 && !origin.Bills.IsEmpty)
        {
            // Several bills rounded by themselves: the last coupon bears what that made, so that all bills together have taken off what one count does.
            var rest = now.Values.Aggregate(none, (sum, amount) => sum + amount) - origin.Taken - changes.Aggregate(none, (sum, item) => sum + item.Change);
            changes[^1] = changes[^1] with { Change = changes[^1].Change + rest };
        }

        return changes.Where(item => !item.Change.IsZero).Aggregate(invoice, (result, item) => Discounted(result, origin, item.Coupon, item.Change));
    }

    // The lines that the coupon is for bear it by what they adjust.
    private static Invoice Discounted(Invoice invoice, BilledOrigin origin, Redemption coupon, Money change)
    {
        bool Bears(InvoiceLine line) => origin.Has(line) && coupon.Terms.IsFor(line);
        var shares = change.Allocate([.. invoice.Lines.Select(line => Bears(line) ? Math.Abs((decimal)line.Amount.MinorUnits) : 0)]);
        return invoice with
        {
            Lines = [.. invoice.Lines.Zip(shares, (line, share) => share.IsZero ? line : line with { Discount = line.Discount + share ?? share })],
            Discounts = invoice.Discounts.Add(new InvoiceDiscount(coupon.Coupon, coupon.Description, change) { IsCorrection = true }),
        };
    }
}
