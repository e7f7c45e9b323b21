using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>The ways to count usage.</summary>
public sealed class Metrics : MasterData<Metric>
{
    private readonly IStore<Price> _prices;
    private readonly MetricCatalog _catalog;

    internal Metrics(IStore<Metric> store, IStore<Price> prices, MetricCatalog catalog, IClock clock) : base(store, clock) => (_prices, _catalog) = (prices, catalog);

    private protected override void Saved(TenantId tenant) => _catalog.Forget(tenant);

    private protected override async Task<string?> UsedByAsync(Metric item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = 1 }.With("metric_id", item.Id.ToString()).With("archived", "false");
        var page = await _prices.ListAsync(item.Tenant, query, cancellationToken).ConfigureAwait(false);
        return page.Items is [var price, ..] ? $"the price '{price.Code}'" : null;
    }

    // What was counted already was counted by the old rule: a metric that counts otherwise is another metric.
    private protected override Task CheckChangeAsync(Metric before, Metric after, CancellationToken cancellationToken) =>
        after.CountsLike(before)
            ? Task.CompletedTask
            : throw new BillingException(BillingErrorCode.Conflict, $"What the metric '{before.Code}' counts cannot change; create another metric.");
}
