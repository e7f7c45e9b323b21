using System.Collections.Concurrent;
using BillApis.Ledger;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The ledger in <c>billing_account</c> and <c>billing_transfer</c>.</summary>
internal sealed class SqlLedger : ILedger
{
    private readonly AccountNames _names = new();
    private readonly AccountRows _accounts;
    private readonly PostWriter _writer;
    private readonly ConcurrentDictionary<TenantId, GroupCommit<PostCall>> _commits = new();
    private readonly LedgerQueries _queries;
    private readonly BalanceCheck _check;

    public SqlLedger(SqlDatabase database)
    {
        _accounts = new AccountRows(database);
        var expired = new ExpiredTransfers(database, _accounts);
        _writer = new PostWriter(database, _names, _accounts, expired);
        _queries = new LedgerQueries(database, expired);
        _check = new BalanceCheck(database, _accounts);
    }

    public async Task<IReadOnlyList<OpenResult>> OpenAsync(TenantId tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(accounts.Count, ILedger.BatchSize, nameof(accounts));
        var distinct = accounts.DistinctBy(account => account.Account).Select(account => (Name: _names.Of(tenant, account.Account), account.Limit)).ToList();
        var opened = await _accounts.OpenAsync(tenant, distinct, cancellationToken).ConfigureAwait(false);
        var limits = await _queries.LimitsAsync(tenant, distinct.Select(account => account.Name.Id), cancellationToken).ConfigureAwait(false);
        var fresh = distinct.Where((_, index) => opened[index]).Select(account => account.Name.Id).ToHashSet();
        return [.. accounts.Select(account => (_names.Of(tenant, account.Account).Id, account.Limit)).Select(account => fresh.Remove(account.Id) ? OpenResult.Opened
            : limits[account.Id] == account.Limit ? OpenResult.Exists
            : OpenResult.ExistsDifferentLimit)];
    }

    public async Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transfers.Count, ILedger.BatchSize, nameof(transfers));
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var transfer in transfers)
        {
            transfer.CheckAllButOwners();
            _names.Of(tenant, transfer.Debit);
            _names.Of(tenant, transfer.Credit);
        }

        var call = new PostCall(transfers);
        if (transfers.Count > 0)
        {
            await _commits.GetOrAdd(tenant, CommitOf).WriteAsync(call, cancellationToken).ConfigureAwait(false);
        }

        return call.Results;
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

    // Callers of one tenant meet at the same accounts anyway: what they post while a transaction runs goes into the next one together.
    private GroupCommit<PostCall> CommitOf(TenantId tenant) => new(
        async calls =>
        {
            var results = await _writer.StoreAsync(tenant, [.. calls.Select(call => call.Transfers)]).ConfigureAwait(false);
            for (var i = 0; i < calls.Count; i++)
            {
                calls[i].Results = results[i];
            }
        },
        call => call.Transfers.Count,
        ILedger.BatchSize,
        writers: 1);
}
