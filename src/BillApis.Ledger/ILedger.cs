using NodaTime;

namespace BillApis.Ledger;

/// <summary>Keeps accounts and the transfers between them. Implementations must pass <c>LedgerConformance</c>.</summary>
/// <remarks>
/// Double entry and append-only: over all accounts of an asset, debits and credits are equal at every instant.
/// An account exists from the first transfer that names it. It may be called from many threads and processes at once.
/// </remarks>
public interface ILedger
{
    /// <summary>The most transfers in one batch.</summary>
    const int BatchSize = 8_189;

    /// <summary>Stores a batch of transfers in order; each gets a result of its own, and a chain of linked ones is stored whole or not at all.</summary>
    /// <returns>One result for each transfer, in the same order.</returns>
    /// <exception cref="ArgumentException">There are more than <see cref="BatchSize"/> transfers.</exception>
    Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken);

    /// <summary>The balances of some accounts, now or as of an instant that counts itself; an account without transfers until then is left out.</summary>
    Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken);

    /// <summary>Lists accounts by code, each with its balance of now; filtered by <c>kind</c> and <c>owner</c>.</summary>
    Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>The transfers that touch an account, newest first.</summary>
    Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>The balance of every account of the general ledger, customers summed up, by code; now or as of an instant that counts itself.</summary>
    Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken);
}
