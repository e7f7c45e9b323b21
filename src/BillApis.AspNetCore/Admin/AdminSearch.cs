using BillApis.Identity;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>Finds things of any kind by what a person would type: an id, a code, an invoice's number, an e-mail address, or a part of a customer's name.</summary>
internal sealed class AdminSearch(
    IStore<Customer> customers, IStore<Product> products, IStore<Metric> metrics, IStore<Price> prices, IStore<Plan> plans, IStore<Coupon> coupons, IStore<Subscription> subscriptions,
    IStore<Invoice> invoices, IStore<CreditMemo> memos, IStore<User> users)
{
    // Only what the caller may read is looked for.
    public async Task<IReadOnlyList<SearchHit>> FindAsync(Caller caller, string text, int limit, CancellationToken cancellationToken)
    {
        var hits = new List<SearchHit>();
        await AddAsync(customers, "customers", customer => customer.Name).ConfigureAwait(false);
        await AddAsync(invoices, "invoices", _ => null).ConfigureAwait(false);
        await AddAsync(subscriptions, "subscriptions", _ => null).ConfigureAwait(false);
        await AddAsync(memos, "credit-memos", _ => null).ConfigureAwait(false);
        await AddAsync(plans, "plans", plan => plan.Name).ConfigureAwait(false);
        await AddAsync(products, "products", product => product.Name).ConfigureAwait(false);
        await AddAsync(metrics, "metrics", metric => metric.Name).ConfigureAwait(false);
        await AddAsync(prices, "prices", price => price.Code).ConfigureAwait(false);
        await AddAsync(coupons, "coupons", coupon => coupon.Code).ConfigureAwait(false);
        await AddAsync(users, "users", user => user.Email, user => user.Realm is Realm.Admin).ConfigureAwait(false);
        if (MayRead("customers"))
        {
            await AddCustomersAsync(caller.Tenant, text, limit, hits, cancellationToken).ConfigureAwait(false);
        }

        return [.. hits.DistinctBy(hit => hit.Id).Take(limit)];

        bool MayRead(string resource) => caller.Permissions.Allows(new Permission(resource, Permission.Read));

        async Task AddAsync<T>(IStore<T> store, string resource, Func<T, string?> title, Func<T, bool>? isShown = null) where T : class, IEntity<T>
        {
            if (MayRead(resource) && await store.FindAsync(caller.Tenant, text, cancellationToken).ConfigureAwait(false) is { } found && isShown?.Invoke(found) is not false)
            {
                hits.Add(new SearchHit(resource, found.Key, title(found) ?? found.Alias ?? found.Key, found.Alias));
            }
        }
    }

    private async Task AddCustomersAsync(TenantId tenant, string text, int limit, List<SearchHit> hits, CancellationToken cancellationToken)
    {
        for (StoreQuery? query = new() { Limit = Limits.PageSize }; query is not null && hits.Count <= limit;)
        {
            var page = await customers.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false);
            hits.AddRange(page.Items
                .Where(customer => new[] { customer.Name, customer.Email, customer.ExternalId }.Any(field => field?.Contains(text, StringComparison.OrdinalIgnoreCase) == true))
                .Select(customer => new SearchHit("customers", customer.Id.ToString(), customer.Name, customer.ExternalId)));
            query = page.Next is null ? null : query with { After = page.Next };
        }
    }
}

/// <summary>One thing that was found.</summary>
/// <param name="Type">The kind of thing, as in permissions.</param>
/// <param name="Id">Its id.</param>
/// <param name="Title">What a person knows it by.</param>
/// <param name="Reference">Its code, number or external id.</param>
internal sealed record SearchHit(string Type, string Id, string Title, string? Reference);
