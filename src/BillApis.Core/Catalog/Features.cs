using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What customers may use, and what counts it.</summary>
public sealed class Features(IStore<Feature> store, IStore<Metric> metrics, IStore<Plan> plans, IClock clock) : MasterData<Feature>(store, clock)
{
    private protected override async Task CheckReferencesAsync(Feature item, CancellationToken cancellationToken)
    {
        if (item.Metric is { } metric)
        {
            await metrics.GetAsync(item.Tenant, Metric.Kind, metric.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    private protected override async Task<string?> UsedByAsync(Feature item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("archived", "false");
        return await plans.FirstAsync(item.Tenant, query, plan => plan.Versions.Any(version => version.Entitlements.Any(granted => granted.Feature == item.Id)), cancellationToken).ConfigureAwait(false) is { } user
            ? $"the plan '{user.Code}'"
            : null;
    }
}
