using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What things cost.</summary>
public sealed class Prices(IStore<Price> store, IStore<Product> products, IStore<Metric> metrics, IStore<Feature> features, IStore<Plan> plans, IClock clock) : MasterData<Price>(store, clock)
{
    private protected override async Task CheckReferencesAsync(Price item, CancellationToken cancellationToken)
    {
        if (item.Product is { } product && await products.FindAsync(item.Tenant, product.ToString(), cancellationToken).ConfigureAwait(false) is null)
        {
            throw BillingException.NotFound(Product.Kind, product.ToString());
        }

        if (item.Metric is { } metric)
        {
            var found = await metrics.FindAsync(item.Tenant, metric.ToString(), cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, metric.ToString());
            CheckDimensions(item, found);
        }

        foreach (var granted in item.Entitlements)
        {
            await features.GetAsync(item.Tenant, Feature.Kind, granted.Feature.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    private protected override async Task CheckChangeAsync(Price before, Price after, CancellationToken cancellationToken)
    {
        await CheckReferencesAsync(after, cancellationToken).ConfigureAwait(false);
        if (after.CostsLike(before))
        {
            return;
        }

        if (await PlanWithAsync(before, version => version.PublishedAt is not null, cancellationToken).ConfigureAwait(false) is { } plan)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The price '{before.Code}' is in a published version of the plan '{plan.Code}' and cannot change; create another price.");
        }
    }

    private protected override async Task<string?> UsedByAsync(Price item, CancellationToken cancellationToken) =>
        await PlanWithAsync(item, _ => true, cancellationToken).ConfigureAwait(false) is { } plan ? $"the plan '{plan.Code}'" : null;

    private static void CheckDimensions(Price price, Metric metric)
    {
        if (price.Terms.Dimensions.Except(metric.GroupBy, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw BillingException.Field(price.Terms.GroupBy.Contains(unknown) ? "group_by" : "dimensions", $"names '{unknown}', which the metric '{metric.Code}' does not count apart; its group_by must name it");
        }
    }

    private Task<Plan?> PlanWithAsync(Price price, Func<PlanVersion, bool> which, CancellationToken cancellationToken) =>
        plans.FirstAsync(
            price.Tenant,
            new StoreQuery { Limit = Limits.PageSize }.With("archived", "false"),
            plan => plan.Versions.Where(which).Any(version => version.Items.Any(item => item.Price.Id == price.Id)),
            cancellationToken);
}
