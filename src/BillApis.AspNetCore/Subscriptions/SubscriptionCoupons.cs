using BillApis.Invoicing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/subscriptions/{id}/coupons</c>: what a subscription redeemed.</summary>
internal static class SubscriptionCoupons
{
    internal static async Task<Created<SubscriptionResponse>> AddAsync(string id, Body<CouponOfSubscription> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var subscription = await billing.Subscriptions.AddCouponAsync(caller.Tenant, id, body.Value.CouponId, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"subscriptions/{subscription.Id}", await SubscriptionEndpoints.ResponseAsync(billing, subscription, clock, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<SubscriptionResponse> RemoveAsync(string id, string couponId, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        await SubscriptionEndpoints.ResponseAsync(
            billing, await billing.Subscriptions.RemoveCouponAsync(caller.Tenant, id, couponId, cancellationToken).ConfigureAwait(false), clock, cancellationToken).ConfigureAwait(false);
}

internal sealed record CouponOfSubscription
{
    public required string CouponId { get; init; }
}

internal sealed record RedemptionResponse(CouponId CouponId, string Description, Instant RedeemedAt, int TimesUsed, int? TimesLeft, decimal? AmountLeft)
{
    public static RedemptionResponse From(Redemption redemption) =>
        new(redemption.Coupon, redemption.Description, redemption.At, redemption.Uses, redemption.Terms.MaxUses is { } most ? most - redemption.Uses : null, redemption.Terms.CarryOver ? (redemption.Left ?? redemption.Terms.AmountOff)?.Amount : null);
}
