using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What is sold.</summary>
public sealed class Products(IStore<Product> store, IStore<Price> prices, IClock clock) : MasterData<Product>(store, clock)
{
    private protected override async Task<string?> UsedByAsync(Product item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = 1 }.With("product_id", item.Id.ToString()).With("archived", "false");
        var page = await prices.ListAsync(item.Tenant, query, cancellationToken).ConfigureAwait(false);
        return page.Items is [var price, ..] ? $"the price '{price.Code}'" : null;
    }
}
