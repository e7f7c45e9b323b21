namespace BillApis.Invoicing;

/// <summary>A coupon that counts on an invoice for more than it took off: usage that comes late to it has the coupon too.</summary>
/// <param name="Coupon">The coupon.</param>
/// <param name="Most">The most that an amount off takes of the invoice and of what comes late to it; null for a percentage.</param>
public sealed record InvoiceCoupon(CouponId Coupon, Money? Most)
{
    /// <summary>Whose coupon it is where the invoice bills several subscriptions together; null for every other.</summary>
    public SubscriptionId? Subscription { get; init; }
}
