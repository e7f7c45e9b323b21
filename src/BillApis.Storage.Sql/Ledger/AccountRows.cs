using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BillApis.Ledger;
using Dapper;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Rows of <c>billing_account</c>: opened before they are moved, locked in the order of their ids.</summary>
internal sealed class AccountRows(SqlDatabase database)
{
    /// <summary>Opens those of the accounts that are not open; a transaction of its own, so that no writer waits for a new account while it holds old ones.</summary>
    public async Task<bool[]> OpenAsync(TenantId tenant, IReadOnlyList<(AccountName Name, BalanceLimit Limit)> accounts, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text", "code text", "kind text", "asset text", "owner text", "control text", "balance_limit bigint");
        var order = Enumerable.Range(0, accounts.Count).OrderBy(i => accounts[i].Name.Id, StringComparer.Ordinal).ToArray();
        foreach (var (name, limit) in order.Select(i => accounts[i]))
        {
            rows.Add(name.Id, name.Code, name.Kind, name.Asset, name.Owner, name.Control, (long)limit);
        }

        var written = await database.WriteAsync(
            tenant,
            async transaction =>
            {
                await GateAsync(database.Dialect.LockShared, transaction, tenant, cancellationToken).ConfigureAwait(false);
                return await InsertAsync(transaction, tenant, rows, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        var result = new bool[accounts.Count];
        for (var i = 0; i < order.Length; i++)
        {
            result[order[i]] = written[i];
        }

        return result;
    }

    /// <summary>Every account of the tenant, held until the transaction ends; none is opened meanwhile.</summary>
    public async Task LockAllAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        await GateAsync(database.Dialect.LockExclusive, transaction, tenant, cancellationToken).ConfigureAwait(false);
        await transaction.Connection!.QueryAsync<string>(new CommandDefinition(
            $"select id from billing_account where tenant_id = @Tenant order by id {database.Dialect.ForUpdate}",
            new { Tenant = tenant.ToString() },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>The accounts that are open, held until the transaction ends.</summary>
    public async Task<Dictionary<string, AccountState>> LockAsync(DbTransaction transaction, TenantId tenant, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var rows = await transaction.Connection!.QueryAsync<AccountState>(new CommandDefinition(
            $"""
            select id as Id, control as Control, asset as Asset, debits as Debits, credits as Credits, debits_pending as DebitsPending, credits_pending as CreditsPending,
              balance_limit as LimitKind, closed as Closed
            from billing_account where tenant_id = @Tenant and id in (select r.value from {database.Dialect.Texts("Ids")} as r)
            order by id
            {database.Dialect.ForUpdate}
            """,
            new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(ids) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Id);
    }

    /// <summary>Writes what the locked accounts hold now.</summary>
    public Task SaveAsync(DbTransaction transaction, TenantId tenant, IEnumerable<AccountState> changed, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text", "debits bigint", "credits bigint", "debits_pending bigint", "credits_pending bigint", "closed bigint");
        foreach (var account in changed)
        {
            rows.Add(account.Id, account.Debits, account.Credits, account.DebitsPending, account.CreditsPending, account.Closed);
        }

        return rows.Count == 0 ? Task.CompletedTask : database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                update billing_account
                set debits = r.debits, credits = r.credits, debits_pending = r.debits_pending, credits_pending = r.credits_pending, closed = r.closed
                from {table} as r
                where billing_account.tenant_id = @Tenant and billing_account.id = r.id
                """,
            cancellationToken);
    }

    /// <summary>What is added to accounts.</summary>
    public static SqlRows Added(IReadOnlyList<(AccountName Name, AccountState Change)> changes)
    {
        var rows = new SqlRows("id text", "debits bigint", "credits bigint", "debits_pending bigint", "credits_pending bigint");
        foreach (var (name, change) in changes)
        {
            rows.Add(name.Id, change.Debits, change.Credits, change.DebitsPending, change.CreditsPending);
        }

        return rows;
    }

    /// <summary>Adds to accounts that were not read, and opens those that are not there; false where one has a limit or is closed.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="tenant">Whose accounts they are.</param>
    /// <param name="changes">The accounts in the order of their ids, and what they move by.</param>
    /// <param name="rows">The same as <see cref="Added"/>.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public async Task<bool> AddAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<(AccountName Name, AccountState Change)> changes, SqlRows rows, CancellationToken cancellationToken)
    {
        // Nearly all are there; a row that is only changed costs a fraction of one that may have to be added.
        var there = await database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                update billing_account
                set debits = billing_account.debits + r.debits, credits = billing_account.credits + r.credits,
                  debits_pending = billing_account.debits_pending + r.debits_pending, credits_pending = billing_account.credits_pending + r.credits_pending
                from {table} as r
                where billing_account.tenant_id = @Tenant and billing_account.id = r.id and billing_account.balance_limit = 0 and billing_account.closed = 0
                """,
            keyColumns: 1,
            cancellationToken).ConfigureAwait(false);
        return there.All(row => row) || await AddNewAsync(transaction, tenant, [.. changes.Where((_, i) => !there[i])], cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> AddNewAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<(AccountName Name, AccountState Change)> changes, CancellationToken cancellationToken)
    {
        var rows = new SqlRows(
            "id text", "code text", "kind text", "asset text", "owner text", "control text", "debits bigint", "credits bigint", "debits_pending bigint", "credits_pending bigint");
        foreach (var (name, change) in changes)
        {
            rows.Add(name.Id, name.Code, name.Kind, name.Asset, name.Owner, name.Control, change.Debits, change.Credits, change.DebitsPending, change.CreditsPending);
        }

        var written = await database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_account (tenant_id, id, code, kind, asset, owner, control, debits, credits, debits_pending, credits_pending)
                select @Tenant, r.id, r.code, r.kind, r.asset, r.owner, r.control, r.debits, r.credits, r.debits_pending, r.credits_pending from {table} as r
                where true
                on conflict do nothing
                """,
            keyColumns: 1,
            cancellationToken).ConfigureAwait(false);
        return written.All(row => row);
    }

    /// <summary>What is posted to the days of the general ledger.</summary>
    public static SqlRows Days(IEnumerable<TransferRow> created, Dictionary<string, AccountState> accounts)
    {
        var days = new Dictionary<(string Control, long Day), (long Debits, long Credits)>();
        foreach (var transfer in created.Where(transfer => transfer.Posts))
        {
            Add(accounts[transfer.DebitId].Control, transfer, transfer.Amount, 0);
            Add(accounts[transfer.CreditId].Control, transfer, 0, transfer.Amount);
        }

        var rows = new SqlRows("control text", "day bigint", "debits bigint", "credits bigint");
        foreach (var ((control, day), (debits, credits)) in days.OrderBy(item => item.Key.Control, StringComparer.Ordinal).ThenBy(item => item.Key.Day))
        {
            rows.Add(control, day, debits, credits);
        }

        return rows;

        void Add(string control, TransferRow transfer, long debit, long credit)
        {
            var key = (control, LedgerDay.Of(transfer.At));
            var (debits, credits) = days.GetValueOrDefault(key);
            days[key] = (debits + debit, credits + credit);
        }
    }

    /// <summary>Adds what is posted to the days of the general ledger.</summary>
    public Task AddDaysAsync(DbTransaction transaction, TenantId tenant, SqlRows days, CancellationToken cancellationToken) =>
        days.Count == 0 ? Task.CompletedTask : database.Dialect.WriteAsync(
            transaction,
            tenant,
            days,
            table => $"""
                insert into billing_account_day (tenant_id, control, day, debits, credits)
                select @Tenant, r.control, r.day, r.debits, r.credits from {table} as r
                where true
                on conflict (tenant_id, control, day) do update
                set debits = billing_account_day.debits + excluded.debits, credits = billing_account_day.credits + excluded.credits
                """,
            cancellationToken);

    // No index is named: of two that open an account at once, the loser may meet its code before its id.
    private Task<bool[]> InsertAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, CancellationToken cancellationToken) =>
        database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_account (tenant_id, id, code, kind, asset, owner, control, debits, credits, balance_limit)
                select @Tenant, r.id, r.code, r.kind, r.asset, r.owner, r.control, 0, 0, r.balance_limit from {table} as r
                where true
                on conflict do nothing
                """,
            keyColumns: 1,
            cancellationToken);

    // Opening accounts shares it, holding all of them excludes it.
    private static Task GateAsync(string? sql, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        sql is null ? Task.CompletedTask : transaction.Connection!.ExecuteAsync(new CommandDefinition(
            sql, new { Lock = BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"billing_account {tenant}"))) }, transaction, cancellationToken: cancellationToken));
}
