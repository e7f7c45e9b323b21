using System.Collections.Concurrent;
using BillApis.Ledger;
using BillApis.TigerBeetle.Native;
using NodaTime;

namespace BillApis.TigerBeetle;

/// <summary>The ledger in a TigerBeetle cluster.</summary>
/// <remarks>
/// The cluster keeps balances of now. What is asked by the time of business (an instant, the newest entries) is counted from the transfers of the accounts in question.
/// </remarks>
internal sealed class TigerBeetleLedger(ITigerBeetleClient client) : ILedger, IDisposable
{
    private readonly ClusterAccounts _accounts = new(client);

    public async Task<IReadOnlyList<OpenResult>> OpenAsync(TenantId tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(accounts.Count, ILedger.BatchSize, nameof(accounts));
        return await _accounts.OpenAsync(tenant, accounts, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transfers.Count, ILedger.BatchSize, nameof(transfers));
        cancellationToken.ThrowIfCancellationRequested();
        var (bits, sent) = (TenantBits.Of(tenant), new TbTransfer[transfers.Count]);
        for (var known = _accounts.OpenedBy(tenant); Encode(transfers, bits, known, sent) is { Count: > 0 } missing; known = _accounts.OpenedBy(tenant))
        {
            foreach (var transfer in transfers)
            {
                transfer.Check();
            }

            await _accounts.OpenAsync(tenant, [.. missing.Select(account => new NewAccount(account))], cancellationToken).ConfigureAwait(false);
        }

        var results = Array.ConvertAll(await client.CreateAsync(sent, cancellationToken).ConfigureAwait(false), TransferCodec.ResultOf);
        await RepeatedChains.SettleAsync(client, sent, results, cancellationToken).ConfigureAwait(false);
        return results;
    }

    public async Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken)
    {
        var balances = await _accounts.FindAsync(tenant, accounts.Distinct().Select(id => EntityId.BitsOf(id.Value)), cancellationToken).ConfigureAwait(false);
        return Moved(asOf is { } until ? await CountAsync(tenant, balances, until, cancellationToken).ConfigureAwait(false) : balances);
    }

    public async Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        if (query.Where.Keys.Except(["kind", "owner"]).Any())
        {
            throw new ArgumentException("Accounts are filtered by kind and owner.", nameof(query));
        }

        var (name, owner) = (query.Where.GetValueOrDefault("kind"), query.Where.GetValueOrDefault("owner"));
        if ((name is not null && !ChartOfAccounts.TryParseName(name, out _)) || (owner is not null && !Tag.Fits(owner)))
        {
            return new Page<Balance>([], null);
        }

        AccountKind? kind = ChartOfAccounts.TryParseName(name, out var parsed) ? parsed : null;
        var rows = Moved(await _accounts.QueryAsync(tenant, kind, owner, cancellationToken).ConfigureAwait(false))
            .Where(balance => string.CompareOrdinal(balance.Account.Code, query.After) > 0).Take(query.Limit + 1).ToList();
        return new Page<Balance>([.. rows.Take(query.Limit)], rows.Count > query.Limit ? rows[query.Limit - 1].Account.Code : null);
    }

    public async Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        var id = EntityId.BitsOf(account.Value);
        if (await _accounts.FindAsync(tenant, [id], cancellationToken).ConfigureAwait(false) is [])
        {
            return new Page<Transfer>([], null);
        }

        var rows = await client.TransfersOfAsync(id, cancellationToken).ConfigureAwait(false);
        var names = await _accounts.NamesAsync(tenant, rows.SelectMany(row => new[] { row.DebitAccountId, row.CreditAccountId }), cancellationToken).ConfigureAwait(false);
        var newest = rows.Select(row => TransferCodec.Decode(row, TenantBits.Of(tenant), names[row.DebitAccountId], names[row.CreditAccountId]))
            .OrderByDescending(transfer => transfer.At).ThenByDescending(transfer => transfer.Id.ToString(), StringComparer.Ordinal).ToList();
        var from = query.After is null ? 0 : newest.FindIndex(transfer => transfer.Id.ToString() == query.After) + 1;
        var page = newest.Skip(from).Take(query.Limit).ToList();
        return new Page<Transfer>([.. page], from + page.Count < newest.Count ? page[^1].Id.ToString() : null);
    }

    public async Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken)
    {
        var all = await _accounts.QueryAsync(tenant, null, null, cancellationToken).ConfigureAwait(false);
        var counted = asOf is { } until ? await CountAsync(tenant, all, until, cancellationToken).ConfigureAwait(false) : all;
        return Moved(counted.GroupBy(balance => balance.Account.Control).Select(group => new Balance(group.Key, group.Sum(balance => balance.Debits), group.Sum(balance => balance.Credits))));
    }

    public async Task<IReadOnlyList<BalanceDifference>> VerifyAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var before = await _accounts.QueryAsync(tenant, null, null, cancellationToken).ConfigureAwait(false);
        var counted = await CountAsync(tenant, before, Instant.MaxValue, cancellationToken).ConfigureAwait(false);
        var after = (await _accounts.QueryAsync(tenant, null, null, cancellationToken).ConfigureAwait(false)).ToDictionary(balance => balance.Account);

        // What others posted meanwhile was counted or not: between the two looks is right.
        return [.. before.Zip(counted, (kept, count) => new BalanceDifference(kept, kept with { Debits = count.Debits, Credits = count.Credits }))
            .Where(item => item.Counted.Debits < item.Kept.Debits || item.Counted.Credits < item.Kept.Credits
                || item.Counted.Debits > after[item.Kept.Account].Debits || item.Counted.Credits > after[item.Kept.Account].Credits)];
    }

    public async Task RebuildAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (await VerifyAsync(tenant, cancellationToken).ConfigureAwait(false) is [var first, ..])
        {
            throw new InvalidOperationException($"TigerBeetle keeps {first.Kept} where its transfers give {first.Counted}; only the cluster itself can be repaired.");
        }
    }

    public void Dispose() => client.Dispose();

    // The accounts that are not known to be open; where there are none, all is encoded.
    private static HashSet<Account> Encode(IReadOnlyList<Transfer> transfers, TenantBits bits, ConcurrentDictionary<Account, Opened> known, TbTransfer[] sent)
    {
        var missing = new HashSet<Account>();
        for (var i = 0; i < sent.Length; i++)
        {
            var transfer = transfers[i];
            var cause = transfer.CheckAllButOwners();
            if (known.TryGetValue(transfer.Debit, out var debit) & known.TryGetValue(transfer.Credit, out var credit))
            {
                sent[i] = TransferCodec.Encode(transfer, cause, bits, debit, credit.Id);
                continue;
            }

            missing.UnionWith(new[] { transfer.Debit, transfer.Credit }.Where(account => !known.ContainsKey(account)));
        }

        return missing;
    }

    private async Task<List<Balance>> CountAsync(TenantId tenant, List<Balance> accounts, Instant until, CancellationToken cancellationToken)
    {
        var counted = new List<Balance>();
        foreach (var account in accounts.Select(balance => balance.Account))
        {
            var id = EntityId.BitsOf(account.IdIn(tenant).Value);
            var rows = (await client.TransfersOfAsync(id, cancellationToken).ConfigureAwait(false)).Where(row => TransferCodec.Posts(row) && TransferCodec.AtOf(row) <= until).ToList();
            counted.Add(new Balance(account, Sum(rows.Where(row => row.DebitAccountId == id)), Sum(rows.Where(row => row.CreditAccountId == id))));
        }

        return counted;
    }

    private static long Sum(IEnumerable<TbTransfer> rows) => rows.Aggregate(0L, (sum, row) => checked(sum + (long)row.Amount));

    private static IReadOnlyList<Balance> Moved(IEnumerable<Balance> balances) =>
        [.. balances.Where(balance => (balance.Debits | balance.Credits | balance.DebitsPending | balance.CreditsPending) > 0).OrderBy(balance => balance.Account.Code, StringComparer.Ordinal)];
}
