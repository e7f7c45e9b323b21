using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Counts the coupons of earlier invoices anew with the adjustments that a new one has of them: what they would have taken off more, or less, had all usage been known.</summary>
internal static class CorrectedDiscounts
{
    /// <summary>The invoice with these discounts on its adjustments, and on lines of their own where they are those of other taxes and there is room.</summary>
    /// <param name="invoice">The invoice that adjusts.</param>
    /// <param name="origins">The bills.</param>
    /// <param name="period">The start of the period that coupons count the invoice itself for.</param>
    public static Invoice Apply(Invoice invoice, IReadOnlyCollection<BilledOrigin> origins, Instant? period = null) =>
        origins.Aggregate(invoice, (result, origin) => Apply(result, origin.Beside(result, period), Limits.LinesPerInvoice - result.Lines.Length));

    /// <summary>How many lines it adds at the least where discounts move between taxes.</summary>
    public static int LinesFor(IEnumerable<BilledOrigin> origins) => origins.Where(origin => origin.IsOneBill && origin.TaxesApart > 1).Sum(origin => origin.TaxesApart + origin.Advanced);

    /// <summary>The same with those of one bill.</summary>
    /// <param name="invoice">The invoice that adjusts.</param>
    /// <param name="origin">The bill.</param>
    /// <param name="room">How many lines may be added.</param>
    public static Invoice Apply(Invoice invoice, BilledOrigin origin, int room)
    {
        var adjustments = invoice.Lines.Where(origin.Has).ToList();
        var changes = adjustments.Count == 0 ? [] : Changes(origin, adjustments);
        var total = changes.Aggregate(Money.Zero(invoice.Currency), (sum, item) => sum + item.Change);
        var borne = origin.IsOneBill
            ? MovedDiscounts.Apply(invoice, origin, adjustments, total, room)
            : changes.Aggregate(invoice, (result, item) => Borne(result, origin, item.Coupon, item.Change));
        if (changes.Count > 0)
        {
            // With a part of a line that was given back, its part of the discount that moves is gone.
            changes[^1] = changes[^1] with { Change = changes[^1].Change + DiscountOf(borne) - DiscountOf(invoice) - total };
        }

        return borne with { Discounts = borne.Discounts.AddRange(changes.Where(item => !item.Change.IsZero).Select(item => Correction(origin, item.Coupon, item.Change))) };
    }

    // What one of several bills of a period has of an amount, the others have not.
    private static InvoiceDiscount Correction(BilledOrigin origin, Redemption coupon, Money change) => coupon.Terms.AmountOffPeriod is not null && origin.CountsFor is { } period
        ? new InvoiceDiscount(coupon.Coupon, coupon.Description, change) { IsCorrection = true, Corrects = origin.Invoice.Id, CountsFor = period }
        : new InvoiceDiscount(coupon.Coupon, coupon.Description, change) { IsCorrection = true };

    private static Money DiscountOf(Invoice invoice) => invoice.Lines.Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.Discount ?? sum);

    private static List<(Redemption Coupon, Money Change)> Changes(BilledOrigin origin, List<InvoiceLine> adjustments)
    {
        var (before, now) = (origin.Discounts(), origin.DiscountsWith(adjustments));
        var none = Money.Zero(origin.Invoice.Currency);
        var changes = CouponDiscounts.InOrder(origin.Coupons).Where(coupon => origin.IsOneBill || adjustments.Exists(coupon.Terms.IsFor)).Select(coupon => (Coupon: coupon, Change: now.GetValueOrDefault(coupon.Coupon, none) - before.GetValueOrDefault(coupon.Coupon, none))).ToList();
        if (changes.Count > 0 && !origin.Bills.IsEmpty)
        {
            // Several bills rounded by themselves: the last coupon bears what that made, so that all bills together have taken off what one count does.
            var rest = now.Values.Aggregate(none, (sum, amount) => sum + amount) - origin.Taken - changes.Aggregate(none, (sum, item) => sum + item.Change);
            changes[^1] = changes[^1] with { Change = changes[^1].Change + rest };
        }

        return changes;
    }

    // Each bears by what the coupons before left of it; where some is used more and some less, each the coupon's part of its own.
    private static Invoice Borne(Invoice invoice, BilledOrigin origin, Redemption coupon, Money change)
    {
        bool Bears(InvoiceLine line) => origin.Has(line) && coupon.Terms.IsFor(line);
        var (more, less) = (invoice.Lines.Where(line => Bears(line) && line.Amount.MinorUnits > 0).ToList(), invoice.Lines.Any(line => Bears(line) && line.Amount.MinorUnits < 0));
        if (more.Count == 0 || !less)
        {
            return Spread(invoice, change, Bears);
        }

        var part = origin.PartOf(coupon, [.. invoice.Lines.Where(origin.Has)]).Apply(more.Sum(line => Left(line).Amount));
        var taken = Money.Round(part, change.Currency);
        return Spread(Spread(invoice, taken, line => Bears(line) && line.Amount.MinorUnits > 0), change - taken, line => Bears(line) && line.Amount.MinorUnits < 0);
    }

    // Where the coupons before left nothing, a cent that is over goes by the amounts.
    private static Invoice Spread(Invoice invoice, Money change, Func<InvoiceLine, bool> bears) => invoice.Lines.Any(line => bears(line) && !Left(line).IsZero)
        ? Borne(invoice, change, line => bears(line) ? Left(line) : Money.Zero(change.Currency))
        : Borne(invoice, change, bears);

    private static Money Left(InvoiceLine line) => line.Amount - (line.Discount ?? Money.Zero(line.Amount.Currency));

    /// <summary>The invoice with something taken off some of its lines, by what they adjust.</summary>
    public static Invoice Borne(Invoice invoice, Money change, Func<InvoiceLine, bool> bears) => Borne(invoice, change, line => bears(line) ? line.Amount : Money.Zero(change.Currency));

    private static Invoice Borne(Invoice invoice, Money change, Func<InvoiceLine, Money> weight)
    {
        if (change.IsZero)
        {
            return invoice;
        }

        var shares = change.Allocate([.. invoice.Lines.Select(line => Math.Abs((decimal)weight(line).MinorUnits))]);
        return invoice with { Lines = [.. invoice.Lines.Zip(shares, (line, share) => share.IsZero ? line : line with { Discount = line.Discount + share ?? share })] };
    }
}
