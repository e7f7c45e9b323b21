using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>The discounts that subscriptions may redeem.</summary>
public sealed class Coupons(IStore<Coupon> store, IStore<Product> products, IStore<Plan> plans, ISubscriptionStore subscriptions, IClock clock) : MasterData<Coupon>(store, clock)
{
    private protected override async Task CheckReferencesAsync(Coupon item, CancellationToken cancellationToken)
    {
        foreach (var product in item.Terms.Products)
        {
            await products.GetAsync(item.Tenant, Product.Kind, product.ToString(), cancellationToken).ConfigureAwait(false);
        }

        foreach (var plan in item.Terms.Plans)
        {
            await plans.GetAsync(item.Tenant, Plan.Kind, plan.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    // Who redeemed it was promised its terms.
    private protected override Task CheckChangeAsync(Coupon before, Coupon after, CancellationToken cancellationToken) =>
        before.Redemptions == 0 || after.Terms.SameAs(before.Terms)
            ? CheckReferencesAsync(after, cancellationToken)
            : throw new BillingException(BillingErrorCode.Conflict, $"The coupon '{before.Code}' was redeemed and what it takes off cannot change; create another coupon.");

    private protected override async Task<string?> UsedByAsync(Coupon item, CancellationToken cancellationToken)
    {
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListRedeemersAsync(item.Tenant, item.Id, after, Limits.PageSize, cancellationToken).ConfigureAwait(false);
            if (page.FirstOrDefault(subscription => !subscription.IsOver && subscription.Coupons.Any(redemption => redemption.Coupon == item.Id && !redemption.IsUsedUp)) is { } user)
            {
                return $"the subscription '{user.Id}'";
            }

            if (page.Count == 0)
            {
                return null;
            }

            after = page[^1].Id;
        }
    }
}
