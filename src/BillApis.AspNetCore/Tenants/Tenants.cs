using BillApis.Identity;

namespace BillApis.AspNetCore;

/// <summary>The companies that are billed for here. The operator's own tenant is the default one; only its people make, close and hand out others.</summary>
internal sealed class Tenants(IStore<TenantAccount> store)
{
    private const string Kind = "tenant";
    private static readonly TenantId Operator = TenantId.Default;
    private readonly Recent<TenantId, TenantStatus> _recent = new();

    /// <summary>Makes sure that the operator's own tenant has a record.</summary>
    public Task AddOperatorAsync(CancellationToken cancellationToken) =>
        store.SaveAsync(Operator, [new TenantAccount { Id = Operator, Name = "Operator", CreatedAt = RealTime.Now }], [], cancellationToken);

    public async Task<TenantAccount> CreateAsync(string name, CancellationToken cancellationToken)
    {
        Check.Name("name", name);
        var tenant = new TenantAccount { Id = EntityId.New<TenantId>(), Name = name, CreatedAt = RealTime.Now };
        await store.SaveAsync(Operator, [tenant], [], cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return tenant;
    }

    /// <summary>Reads one; whoever is not the operator sees none but their own.</summary>
    public async Task<TenantAccount> GetAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        caller.IsOperator || id == caller.Tenant.ToString() ? await store.GetAsync(Operator, Kind, id, cancellationToken).ConfigureAwait(false) : throw BillingException.NotFound(Kind, id);

    public async Task<Page<TenantAccount>> ListAsync(Caller caller, StoreQuery query, CancellationToken cancellationToken) => caller.IsOperator
        ? await store.ListAsync(Operator, query, cancellationToken).ConfigureAwait(false)
        : new Page<TenantAccount>([await GetAsync(caller, caller.Tenant.ToString(), cancellationToken).ConfigureAwait(false)], null);

    /// <summary>The ids of all, also of closed ones.</summary>
    public IAsyncEnumerable<TenantId> AllAsync(CancellationToken cancellationToken) =>
        store.AllAsync(Operator, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).Select(tenant => tenant.Id);

    public async Task<TenantAccount> ChangeAsync(string id, Func<TenantAccount, TenantAccount> change, CancellationToken cancellationToken)
    {
        var changed = await store.ChangeAsync<TenantAccount>(
            Operator, Kind, id, tenant => Task.FromResult<(TenantAccount, IReadOnlyList<BillingEvent>)>((change(tenant), [])), cancellationToken).ConfigureAwait(false);
        _recent.Forget();
        return changed;
    }

    /// <summary>Refuses the people and programs of a tenant that is closed.</summary>
    /// <exception cref="BillingException">It is suspended, or there is none any more.</exception>
    public async ValueTask MustBeOpenAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var status = await RecentAsync(tenant, cancellationToken).ConfigureAwait(false);
        if (status is not TenantStatus.Active)
        {
            throw status is TenantStatus.Suspended
                ? new BillingException(BillingErrorCode.Forbidden, "The tenant is suspended.")
                : new BillingException(BillingErrorCode.Unauthenticated, "The credential is not good any more.");
        }
    }

    /// <summary>Whether a tenant's people and programs get in.</summary>
    public async ValueTask<bool> IsOpenAsync(TenantId tenant, CancellationToken cancellationToken) => await RecentAsync(tenant, cancellationToken).ConfigureAwait(false) is TenantStatus.Active;

    private async ValueTask<TenantStatus> RecentAsync(TenantId tenant, CancellationToken cancellationToken) =>
        tenant == Operator ? TenantStatus.Active : await _recent.GetAsync(tenant, () => StatusAsync(tenant, cancellationToken)).ConfigureAwait(false);

    private async Task<TenantStatus> StatusAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await store.FindAsync(Operator, tenant.ToString(), cancellationToken).ConfigureAwait(false))?.Status ?? TenantStatus.Deleted;
}
