using System.Data.Common;
using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Stores the batches of several callers in one transaction.</summary>
/// <remarks>
/// Locks are taken in one order, accounts by id and then transfers by id, so that writers wait for each other but never in a circle.
/// Ids are taken for new until the database says otherwise, which saves looking them up.
/// </remarks>
internal sealed class PostWriter(SqlDatabase database, AccountRows accountRows, ExpiredTransfers expired)
{
    private readonly TransferRows _transfers = new(database);

    public async Task<TransferResult[][]> StoreAsync(TenantId tenant, IReadOnlyList<IReadOnlyList<Transfer>> batches)
    {
        var ids = new Dictionary<Account, string>();
        var rows = batches.Select(batch => batch.Select(transfer => TransferRow.From(transfer, IdOf)).ToArray()).ToArray();
        var touched = ids.ToDictionary(item => item.Value, item => item.Key);
        var known = rows.SelectMany(batch => batch).Any(row => row.Settles);
        while (true)
        {
            var outcome = await TryAsync(tenant, rows, touched, known).ConfigureAwait(false);
            switch (outcome)
            {
                case (Attempt.Stored, { } results):
                    return results;
                case (Attempt.AccountsMissing, _):
                    await accountRows.OpenAsync(tenant, [.. touched.Select(item => (item.Key, new NewAccount(item.Value)))], default).ConfigureAwait(false);
                    break;
                case (Attempt.PendingExpired, _):
                    await expired.GiveBackAsync(tenant, default).ConfigureAwait(false);
                    break;
                default:
                    known = true;
                    break;
            }
        }

        string IdOf(Account account) => ids.TryGetValue(account, out var id) ? id : ids[account] = account.IdIn(tenant).ToString();
    }

    private async Task<(Attempt, TransferResult[][]?)> TryAsync(TenantId tenant, TransferRow[][] batches, Dictionary<string, Account> touched, bool known)
    {
        var (attempt, results) = (Attempt.Stored, (TransferResult[][]?)null);
        await database.TransactAsync(
            async transaction =>
            {
                (attempt, results) = await StoreAsync(transaction, tenant, batches, touched, known).ConfigureAwait(false);
                return attempt is Attempt.Stored;
            },
            default).ConfigureAwait(false);
        return (attempt, results);
    }

    private async Task<(Attempt, TransferResult[][]?)> StoreAsync(DbTransaction transaction, TenantId tenant, TransferRow[][] batches, Dictionary<string, Account> touched, bool known)
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

        if (!await _transfers.InsertAsync(transaction, tenant, decision.Created, default).ConfigureAwait(false))
        {
            return (Attempt.IdsKnown, null);
        }

        var timeouts = decision.Created.Where(row => row.Timeout > 0).ToDictionary(row => row.Id, row => row.Timeout);
        await _transfers.SavePendingAsync(transaction, tenant, decision.ChangedPending.Values, timeouts, default).ConfigureAwait(false);
        await _transfers.SaveRefusedAsync(transaction, tenant, decision.NewlyRefused, default).ConfigureAwait(false);
        await accountRows.SaveAsync(transaction, tenant, accounts.Values.Where(account => account.Changed), default).ConfigureAwait(false);
        await accountRows.AddDaysAsync(transaction, tenant, decision.Created, accounts, default).ConfigureAwait(false);
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
