using System.Data.Common;
using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Stores the batches of several callers in one transaction.</summary>
/// <remarks>
/// Locks are taken in one order, accounts by id and then transfers by id, so that writers wait for each other but never in a circle.
/// Where there is one writer only, new transfers between accounts without limits are added without a look at either; whatever else turns up is done again with one.
/// </remarks>
internal sealed class PostWriter(SqlDatabase database, AccountNames names, AccountRows accountRows, ExpiredTransfers expired)
{
    private readonly TransferRows _transfers = new(database);

    public async Task<TransferResult[][]> StoreAsync(TenantId tenant, IReadOnlyList<IReadOnlyList<Transfer>> batches)
    {
        var touched = new Dictionary<string, AccountName>();
        var rows = batches.Select(batch => batch.Select(transfer => TransferRow.From(transfer, NameOf)).ToArray()).ToArray();
        var known = rows.SelectMany(batch => batch).Any(row => row.Settles);
        if (!known && database.Dialect.ForUpdate.Length == 0 && await TryBlindAsync(tenant, rows, touched).ConfigureAwait(false) is { } created)
        {
            return created;
        }

        while (true)
        {
            var (attempt, results) = await TryAsync(tenant, transaction => StoreAsync(transaction, tenant, rows, touched, known)).ConfigureAwait(false);
            switch (attempt)
            {
                case Attempt.Stored:
                    return results!;
                case Attempt.AccountsMissing:
                    await accountRows.OpenAsync(tenant, [.. touched.Values.Select(name => (name, BalanceLimit.None))], default).ConfigureAwait(false);
                    break;
                case Attempt.PendingExpired:
                    await expired.GiveBackAsync(tenant, default).ConfigureAwait(false);
                    break;
                default:
                    known = true;
                    break;
            }
        }

        AccountName NameOf(Account account)
        {
            var name = names.Of(tenant, account);
            touched.TryAdd(name.Id, name);
            return name;
        }
    }

    private async Task<(Attempt, TransferResult[][]?)> TryAsync(TenantId tenant, Func<DbTransaction, Task<(Attempt, TransferResult[][]?)>> store)
    {
        var (attempt, results) = (Attempt.Stored, (TransferResult[][]?)null);
        await database.TransactAsync(
            tenant,
            async transaction =>
            {
                (attempt, results) = await store(transaction).ConfigureAwait(false);
                return attempt is Attempt.Stored;
            },
            default).ConfigureAwait(false);
        return (attempt, results);
    }

    private async Task<TransferResult[][]?> TryBlindAsync(TenantId tenant, TransferRow[][] batches, Dictionary<string, AccountName> touched)
    {
        var accounts = touched.ToDictionary(item => item.Key, item => AccountState.Fresh(item.Value));
        var decision = new Decision(accounts, [], [], []);
        var results = batches.Select(decision.Decide).ToArray();
        if (results.SelectMany(result => result).Any(result => result is not TransferResult.Created) || decision.Created.Any(row => row.Closes != 0))
        {
            return null;
        }

        // All rows are made before anyone waits for the one writer; those of an account follow each other, as they do in its index.
        var changes = touched.Values.OrderBy(name => name.Id, StringComparer.Ordinal).Select(name => (name, accounts[name.Id])).ToList();
        var (transfers, added, days) = (TransferRows.Of(decision.Created.OrderBy(row => row.DebitId, StringComparer.Ordinal)), AccountRows.Added(changes), AccountRows.Days(decision.Created, accounts));
        try
        {
            var (attempt, _) = await TryAsync(tenant, async transaction =>
                await _transfers.InsertAsync(transaction, tenant, transfers, default).ConfigureAwait(false)
                && await accountRows.AddAsync(transaction, tenant, changes, added, default).ConfigureAwait(false)
                    ? await CompleteAsync(transaction, tenant, decision, days, results).ConfigureAwait(false)
                    : (Attempt.IdsKnown, null)).ConfigureAwait(false);
            return attempt is Attempt.Stored ? results : null;
        }
        catch (DbException)
        {
            // A balance that would not fit is told by a constraint here; the look at the accounts tells which transfer it was.
            return null;
        }
    }

    private async Task<(Attempt, TransferResult[][]?)> StoreAsync(DbTransaction transaction, TenantId tenant, TransferRow[][] batches, Dictionary<string, AccountName> touched, bool known)
    {
        var accounts = await accountRows.LockAsync(transaction, tenant, touched.Keys, default).ConfigureAwait(false);
        if (accounts.Count < touched.Count)
        {
            return (Attempt.AccountsMissing, null);
        }

        if (accounts.Values.Any(account => (account.DebitsPending | account.CreditsPending) > 0) && await expired.AnyAsync(transaction, tenant, default).ConfigureAwait(false))
        {
            return (Attempt.PendingExpired, null);
        }

        var decision = known ? await KnownAsync(transaction, tenant, accounts, batches).ConfigureAwait(false) : new Decision(accounts, [], [], []);
        var results = batches.Select(decision.Decide).ToArray();
        if (!known && results.SelectMany(result => result).Any(result => result is not TransferResult.Created))
        {
            return (Attempt.IdsKnown, null);
        }

        if (!await _transfers.InsertAsync(transaction, tenant, TransferRows.Of(decision.Created.OrderBy(row => row.Id, StringComparer.Ordinal)), default).ConfigureAwait(false))
        {
            return (Attempt.IdsKnown, null);
        }

        await accountRows.SaveAsync(transaction, tenant, accounts.Values.Where(account => account.Changed), default).ConfigureAwait(false);
        await _transfers.SaveRefusedAsync(transaction, tenant, decision.NewlyRefused, default).ConfigureAwait(false);
        return await CompleteAsync(transaction, tenant, decision, AccountRows.Days(decision.Created, accounts), results).ConfigureAwait(false);
    }

    private async Task<(Attempt, TransferResult[][]?)> CompleteAsync(DbTransaction transaction, TenantId tenant, Decision decision, SqlRows days, TransferResult[][] results)
    {
        var timeouts = decision.Created.Where(row => row.Timeout > 0).ToDictionary(row => row.Id, row => row.Timeout);
        await _transfers.SavePendingAsync(transaction, tenant, decision.ChangedPending.Values, timeouts, default).ConfigureAwait(false);
        await accountRows.AddDaysAsync(transaction, tenant, days, default).ConfigureAwait(false);
        return (Attempt.Stored, results);
    }

    private async Task<Decision> KnownAsync(DbTransaction transaction, TenantId tenant, Dictionary<string, AccountState> accounts, TransferRow[][] batches)
    {
        var rows = batches.SelectMany(batch => batch).ToList();
        var first = rows.Select(row => row.PendingId).OfType<string>().Distinct().ToList();
        var ids = rows.Select(row => row.Id).Concat(first).Distinct().ToList();
        var stored = await _transfers.FindAsync(transaction, tenant, ids, default).ConfigureAwait(false);
        var pending = first.Count == 0 ? [] : await _transfers.FindPendingAsync(transaction, tenant, first, default).ConfigureAwait(false);
        var refused = await _transfers.FindRefusedAsync(transaction, tenant, ids, default).ConfigureAwait(false);
        return new Decision(accounts, stored.ToDictionary(row => row.Id), pending.ToDictionary(row => row.Id), [.. refused]);
    }

    private enum Attempt
    {
        Stored,
        AccountsMissing,
        PendingExpired,
        IdsKnown,
    }
}
