using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Keeps credit grants, and with each the entries that moved it, which are never changed. Implementations must pass <c>CreditStoreConformance</c>.</summary>
/// <remarks>A new grant with a top-up is stored together with all open grants of its customer: where one of them is not among what is saved, it was made meanwhile, and saving is a conflict.</remarks>
public interface ICreditStore : IStore<CreditGrant>
{
    /// <summary>Grants of some customers that have not ended, as they are stored.</summary>
    Task<IReadOnlyList<CreditGrant>> OpenAsync(TenantId tenant, IReadOnlyList<CustomerId> customers, CancellationToken cancellationToken);

    /// <summary>Some grants by their ids, as they are stored.</summary>
    Task<IReadOnlyList<CreditGrant>> FindAsync(TenantId tenant, IReadOnlyList<CreditGrantId> grants, CancellationToken cancellationToken);

    /// <summary>Grants of all tenants that change by themselves at an instant or before, longest due first.</summary>
    Task<IReadOnlyList<CreditGrant>> DueAsync(Instant now, int limit, CancellationToken cancellationToken);

    /// <summary>What moved the grants of a customer, newest first; narrowed by <c>grant_id</c>.</summary>
    Task<Page<CreditEntry>> EntriesAsync(TenantId tenant, CustomerId customer, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>The next customer that has grants, behind another in the order of ids; null where there is none.</summary>
    Task<CustomerId?> NextCustomerAsync(TenantId tenant, CustomerId? after, CancellationToken cancellationToken);

    /// <summary>Counts what the entries of each grant of a customer come to, in the order of the grants' ids.</summary>
    Task<IReadOnlyList<CreditCount>> CountAsync(TenantId tenant, CustomerId customer, CancellationToken cancellationToken);
}
