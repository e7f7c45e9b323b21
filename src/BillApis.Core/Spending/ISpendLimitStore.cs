namespace BillApis;

/// <summary>Keeps spend limits and finds those that have to be watched. Implementations must pass <c>SpendLimitStoreConformance</c>.</summary>
public interface ISpendLimitStore : IStore<SpendLimit>
{
    /// <summary>The customers of a tenant that have limits.</summary>
    Task<IReadOnlyList<CustomerId>> CustomersAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>The limits of some customers that hold, newest first.</summary>
    Task<IReadOnlyList<SpendLimit>> OfCustomersAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, CancellationToken cancellationToken);

    /// <summary>The limits of all tenants that hold, in the order of ids behind another; from the first where <paramref name="after"/> is null.</summary>
    Task<IReadOnlyList<SpendLimit>> WatchedAsync(SpendLimitId? after, int limit, CancellationToken cancellationToken);
}
