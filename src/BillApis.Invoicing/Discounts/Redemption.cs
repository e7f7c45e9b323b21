using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A coupon on a subscription, with the terms that it had when it was redeemed.</summary>
/// <param name="Coupon">The coupon.</param>
/// <param name="Description">What customers read.</param>
/// <param name="Terms">What it takes off.</param>
/// <param name="At">When it was redeemed; older ones count first.</param>
/// <param name="Uses">On how many invoices it counted; moves with the subscription's boundary alone.</param>
public sealed record Redemption(CouponId Coupon, string Description, CouponTerms Terms, Instant At, int Uses = 0)
{
    /// <summary>Whether it counted on as many invoices as it may.</summary>
    [JsonIgnore]
    public bool IsUsedUp => Uses >= Terms.MaxUses;
}
