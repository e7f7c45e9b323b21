using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What customers may use, and what counts it.</summary>
public sealed class Features(IStore<Feature> store, IStore<Metric> metrics, IStore<Price> prices, IStore<Plan> plans, IClock clock) : MasterData<Feature>(store, clock)
{
    private protected override async Task CheckReferencesAsync(Feature item, CancellationToken cancellationToken)
    {
        if (item.Metric is { } metric)
        {
            await metrics.GetAsync(item.Tenant, Metric.Kind, metric.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool Grants(ImmutableArray<Entitlement> entitlements, Feature feature) => entitlements.Any(granted => granted.Feature == feature.Id);

    private protected override async Task<string?> UsedByAsync(Feature item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("archived", "false");
        return await plans.FirstAsync(item.Tenant, query, plan => plan.Versions.Any(version => Grants(version.Entitlements, item)), cancellationToken).ConfigureAwait(false) is { } plan ? $"the plan '{plan.Code}'"
            : await prices.FirstAsync(item.Tenant, query, price => Grants(price.Entitlements, item), cancellationToken).ConfigureAwait(false) is { } price ? $"the price '{price.Code}'"
            : null;
    }
}
