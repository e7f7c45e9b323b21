using BillApis.Invoicing;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Says from when on usage is open for a subscription: what another of the same customer has billed already may still count for it.</summary>
internal sealed class OpenPeriods(ISubscriptionStore store, IUsageStore usage, Plans plans)
{
    /// <summary>Says so for every subscription of the customer, where there are several.</summary>
    public async Task OpenAsync(Subscription changed, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", changed.Customer.ToString());
        var all = (await store.ListAsync(changed.Tenant, query, cancellationToken).ConfigureAwait(false)).Items;
        if (all.Count < 2)
        {
            return;
        }

        var open = new List<ClosedPeriod>();
        foreach (var subscription in all)
        {
            var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
            var until = Instant.Max(subscription.Timeline.StartAt, subscription.BilledUntil ?? Instant.MinValue);
            open.AddRange(ChargeSchedule.Of(subscription.Timeline, versions).Metrics.Select(metric => new ClosedPeriod(changed.Customer, metric, subscription.Id, until)));
        }

        if (open.Count > 0)
        {
            await usage.ClosePeriodsAsync(changed.Tenant, open, cancellationToken).ConfigureAwait(false);
        }
    }
}
