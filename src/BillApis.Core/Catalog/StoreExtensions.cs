using System.Runtime.CompilerServices;
using NodaTime;

namespace BillApis;

/// <summary>What every workflow does with a store: read what must be there, change it against other writers, walk through its pages.</summary>
internal static class StoreExtensions
{
    private const int MaxAttempts = 8;

    /// <summary>Reads one by id or alias.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public static async Task<T> GetAsync<T>(this IStore<T> store, TenantId tenant, string kind, string reference, CancellationToken cancellationToken) where T : class, IEntity<T> =>
        await store.FindAsync(tenant, reference, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(kind, reference);

    /// <summary>Loads one, changes it and saves it with the events of the change; the change is repeated on what another writer stored meanwhile.</summary>
    /// <exception cref="BillingException">There is none such, the change is refused, or other writers were faster every time.</exception>
    public static async Task<T> ChangeAsync<T>(
        this IStore<T> store, TenantId tenant, string kind, string reference, Func<T, Task<(T After, IReadOnlyList<BillingEvent> Events)>> change, CancellationToken cancellationToken)
        where T : class, IEntity<T>
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var before = await store.GetAsync(tenant, kind, reference, cancellationToken).ConfigureAwait(false);
            var (after, events) = await change(before).ConfigureAwait(false);
            if (await store.SaveAsync(tenant, [after], events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return after.WithVersion(before.Version + 1);
            }
        }

        throw BillingException.Changed(kind, reference);
    }

    /// <summary>The newest that fits, or null.</summary>
    public static async Task<T?> FirstAsync<T>(this IStore<T> store, TenantId tenant, StoreQuery query, Func<T, bool> fits, CancellationToken cancellationToken) where T : class, IEntity<T>
    {
        await foreach (var item in store.AllAsync(tenant, query, cancellationToken).ConfigureAwait(false))
        {
            if (fits(item))
            {
                return item;
            }
        }

        return null;
    }

    /// <summary>All of a subscription that was made since an instant, the newest first.</summary>
    public static async Task<List<T>> OfSubscriptionAsync<T>(this IStore<T> store, Subscription subscription, Instant since, CancellationToken cancellationToken) where T : class, IEntity<T>
    {
        var items = new List<T>();
        for (var query = new StoreQuery { Limit = Limits.PageSize }.With("subscription_id", subscription.Id.ToString()); ;)
        {
            var page = await store.ListAsync(subscription.Tenant, query, cancellationToken).ConfigureAwait(false);
            items.AddRange(page.Items);
            if (page.Next is null || page.Items[^1].CreatedAt < since)
            {
                return items;
            }

            query = query with { After = page.Next };
        }
    }

    /// <summary>All that belongs to a customer, newest first.</summary>
    public static IAsyncEnumerable<T> OfCustomerAsync<T>(this IStore<T> store, Customer customer, CancellationToken cancellationToken) where T : class, IEntity<T> =>
        store.AllAsync(customer.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("customer_id", customer.Id.ToString()), cancellationToken);

    /// <summary>All that a query finds, page by page, newest first.</summary>
    public static async IAsyncEnumerable<T> AllAsync<T>(this IStore<T> store, TenantId tenant, StoreQuery query, [EnumeratorCancellation] CancellationToken cancellationToken) where T : class, IEntity<T>
    {
        for (; ;)
        {
            var page = await store.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            if (page.Next is null)
            {
                yield break;
            }

            query = query with { After = page.Next };
        }
    }
}
