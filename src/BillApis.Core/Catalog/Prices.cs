using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What things cost.</summary>
public sealed class Prices(IStore<Price> store, IStore<Product> products, IStore<Metric> metrics, IStore<Plan> plans, IClock clock) : MasterData<Price>(store, clock)
{
    private protected override async Task CheckReferencesAsync(Price item, CancellationToken cancellationToken)
    {
        if (item.Product is { } product && await products.FindAsync(item.Tenant, product.ToString(), cancellationToken).ConfigureAwait(false) is null)
        {
            throw BillingException.NotFound(Product.Kind, product.ToString());
        }

        if (item.Metric is { } metric && await metrics.FindAsync(item.Tenant, metric.ToString(), cancellationToken).ConfigureAwait(false) is null)
        {
            throw BillingException.NotFound(Metric.Kind, metric.ToString());
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

    private Task<Plan?> PlanWithAsync(Price price, Func<PlanVersion, bool> which, CancellationToken cancellationToken) =>
        plans.FirstAsync(
            price.Tenant,
            new StoreQuery { Limit = Limits.PageSize }.With("archived", "false"),
            plan => plan.Versions.Where(which).Any(version => version.Items.Any(item => item.Price.Id == price.Id)),
            cancellationToken);
}
