using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>An invoice whose charges are rated again.</summary>
/// <param name="Invoice">The invoice.</param>
/// <param name="Coupons">Those that took something off it, with the terms that they were redeemed at.</param>
/// <param name="Adjusted">The lines of later documents that adjusted it.</param>
public sealed record BilledOrigin(Invoice Invoice, ImmutableArray<Redemption> Coupons, ImmutableArray<InvoiceLine> Adjusted)
{
    /// <summary>The whole invoice, where that bills other subscriptions too.</summary>
    public Invoice Document { get; init; } = Invoice;

    internal bool Has(InvoiceLine adjustment) => adjustment.Corrects is { } id && Invoice.Lines.Any(line => line.Id == id);

    /// <summary>The line that billed a group of a charge; where that group was not billed, another of the same charge.</summary>
    internal InvoiceLine? LineOf(Charge charge, ImmutableSortedDictionary<string, string?> group)
    {
        var billed = Invoice.Lines.Where(line => !line.RefersBack && line.Price == charge.Price.Id && line.Period == charge.Period).ToList();
        return billed.Find(line => BilledGroup.KeyOf(line.Group) == BilledGroup.KeyOf(group)) ?? billed.FirstOrDefault();
    }

    /// <summary>What each coupon takes off the invoice as it is adjusted so far and by some lines more.</summary>
    internal IReadOnlyDictionary<CouponId, Money> DiscountsWith(IEnumerable<InvoiceLine> adjustments)
    {
        var lines = Invoice.Lines.Where(line => !line.RefersBack).Concat(Adjusted).Concat(adjustments).Select(line => line with { Corrects = null, Discount = null, Credit = null });
        return CouponDiscounts.Apply(Invoice with { Lines = [.. lines], Discounts = [] }, Coupons).Discounts.ToDictionary(discount => discount.Coupon, discount => discount.Amount);
    }
}
