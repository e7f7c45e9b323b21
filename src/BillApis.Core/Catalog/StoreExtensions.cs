namespace BillApis;

/// <summary>Walks through every page of a store.</summary>
internal static class StoreExtensions
{
    /// <summary>The newest that fits, or null.</summary>
    public static async Task<T?> FirstAsync<T>(this IStore<T> store, TenantId tenant, StoreQuery query, Func<T, bool> fits, CancellationToken cancellationToken) where T : class, IEntity<T>
    {
        for (var page = query; ;)
        {
            var read = await store.ListAsync(tenant, page, cancellationToken).ConfigureAwait(false);
            var found = read.Items.FirstOrDefault(fits);
            if (found is not null || read.Next is null)
            {
                return found;
            }

            page = page with { After = read.Next };
        }
    }
}
