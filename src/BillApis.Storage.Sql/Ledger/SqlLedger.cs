using BillApis.Ledger;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The ledger in <c>billing_account</c> and <c>billing_transfer</c>.</summary>
internal sealed class SqlLedger : ILedger
{
    private readonly AccountRows _accounts;
    private readonly PostQueue _queue;
    private readonly LedgerQueries _queries;
    private readonly BalanceCheck _check;

    public SqlLedger(SqlDatabase database)
    {
        _accounts = new AccountRows(database);
        var expired = new ExpiredTransfers(database, _accounts);
        _queue = new PostQueue(new PostWriter(database, _accounts, expired).StoreAsync);
        _queries = new LedgerQueries(database, expired);
        _check = new BalanceCheck(database, _accounts);
    }

    public async Task<IReadOnlyList<OpenResult>> OpenAsync(TenantId tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(accounts.Count, ILedger.BatchSize, nameof(accounts));
        var distinct = accounts.DistinctBy(account => account.Account).Select(account => (Id: account.Account.IdIn(tenant).ToString(), New: account)).ToList();
        var opened = await _accounts.OpenAsync(tenant, distinct, cancellationToken).ConfigureAwait(false);
        var limits = await _queries.LimitsAsync(tenant, distinct.Select(account => account.Id), cancellationToken).ConfigureAwait(false);
        var fresh = distinct.Where((_, index) => opened[index]).Select(account => account.New.Account).ToHashSet();
        return [.. accounts.Select(account => fresh.Remove(account.Account) ? OpenResult.Opened
            : limits[account.Account.IdIn(tenant).ToString()] == account.Limit ? OpenResult.Exists
            : OpenResult.ExistsDifferentLimit)];
    }

    public Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transfers.Count, ILedger.BatchSize, nameof(transfers));
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var transfer in transfers)
        {
            transfer.Check();
        }

        return transfers.Count == 0 ? Task.FromResult<IReadOnlyList<TransferResult>>([]) : _queue.PostAsync(tenant, transfers, cancellationToken);
    }

    public Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken) =>
        _queries.BalancesAsync(tenant, accounts, asOf, cancellationToken);

    public Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) =>
        _queries.ListAsync(tenant, query, cancellationToken);

    public Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken) =>
        _queries.EntriesAsync(tenant, account, query, cancellationToken);

    public Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken) =>
        _queries.TrialBalanceAsync(tenant, asOf, cancellationToken);

    public Task<IReadOnlyList<BalanceDifference>> VerifyAsync(TenantId tenant, CancellationToken cancellationToken) => _check.CompareAsync(tenant, cancellationToken);

    public Task RebuildAsync(TenantId tenant, CancellationToken cancellationToken) => _check.RebuildAsync(tenant, cancellationToken);
}
