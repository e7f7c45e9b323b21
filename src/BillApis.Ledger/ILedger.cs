using NodaTime;

namespace BillApis.Ledger;

/// <summary>Keeps accounts and the transfers between them. Implementations must pass <c>LedgerConformance</c>.</summary>
/// <remarks>
/// Double entry and append-only: over all accounts of an asset, debits and credits are equal at every instant.
/// An account that nobody opened is opened without a limit by the first transfer that names it. It may be called from many threads and processes at once.
/// What is posted, refused and answered follows TigerBeetle, so that a ledger may be kept there.
/// </remarks>
public interface ILedger
{
    /// <summary>The most accounts or transfers in one batch.</summary>
    const int BatchSize = 8_189;

    /// <summary>Opens accounts; only those with a limit need it.</summary>
    /// <returns>One result for each account, in the same order.</returns>
    /// <exception cref="ArgumentException">There are more than <see cref="BatchSize"/> accounts.</exception>
    Task<IReadOnlyList<OpenResult>> OpenAsync(TenantId tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellationToken);

    /// <summary>Stores a batch of transfers in order; each gets a result of its own, and a chain of linked ones is stored whole or not at all.</summary>
    /// <returns>One result for each transfer, in the same order.</returns>
    /// <exception cref="ArgumentException">There are more than <see cref="BatchSize"/> transfers, or one is not well formed (<see cref="Transfer.Check"/>).</exception>
    Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken);

    /// <summary>The balances of some accounts, now or as of an instant that counts itself; an account that nothing moved until then is left out.</summary>
    /// <remarks>Pending amounts belong to now: as of an instant, only what is posted counts, at the time of the transfer that posted it.</remarks>
    Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken);

    /// <summary>Lists accounts that something moved, by code, each with its balance of now; filtered by <c>kind</c> and <c>owner</c>.</summary>
    Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>The transfers that touch an account, newest first; what was only pending or voided is among them.</summary>
    Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken);

    /// <summary>What is posted on every account of the general ledger, customers summed up, by code; now or as of an instant that counts itself.</summary>
    Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken);

    /// <summary>Counts every balance anew from the transfers, and answers those that the ledger keeps otherwise.</summary>
    Task<IReadOnlyList<BalanceDifference>> VerifyAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Sets every balance to what the transfers give; writers wait meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Balances are wrong, and the ledger keeps them by itself.</exception>
    Task RebuildAsync(TenantId tenant, CancellationToken cancellationToken);
}
