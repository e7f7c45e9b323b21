using System.Text.Json;
using BillApis.Ledger;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The reading half of <see cref="SqlLedger"/>.</summary>
internal sealed class LedgerQueries(SqlDatabase database, ExpiredTransfers expired)
{
    private const string Posted = "t.step in (0, 2)";
    private const string Columns = "code as Code, debits as Debits, credits as Credits, debits_pending as DebitsPending, credits_pending as CreditsPending, closed as Closed";
    private const string Moved = "(debits > 0 or credits > 0 or debits_pending > 0 or credits_pending > 0)";
    private static readonly string[] Filters = ["kind", "owner"];

    // An account of the general ledger has its days; a customer's has only its own transfers, which are few.
    private static readonly string HasDays =
        $"a.kind not in ({string.Join(", ", Enum.GetValues<AccountKind>().Where(ChartOfAccounts.IsPerCustomer).Select(kind => $"'{ChartOfAccounts.NameOf(kind)}'"))})";

    public Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken)
    {
        var rows = database.Dialect.Texts("Ids");
        var sql = asOf is null
            ? $"select {Columns} from billing_account where tenant_id = @Tenant and id in (select r.value from {rows} as r)"
            : $"""
            select a.code as Code, {Until("debits", "debit_id")} as Debits, {Until("credits", "credit_id")} as Credits
            from billing_account as a
            where a.tenant_id = @Tenant and a.id in (select r.value from {rows} as r)
            """;
        return ReadAsync(tenant, sql, new { Tenant = tenant.ToString(), AsOf = asOf?.ToMicroseconds(), Day = Day(asOf), From = Day(asOf) * LedgerDay.Microseconds, Ids = JsonSerializer.Serialize(accounts.Select(id => id.ToString())) }, cancellationToken);
    }

    public Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken) =>
        ReadAsync(
            tenant,
            asOf is null
                ? "select control as Code, cast(sum(debits) as bigint) as Debits, cast(sum(credits) as bigint) as Credits from billing_account where tenant_id = @Tenant group by control"
                : $"""
                select e.control as Code, cast(sum(e.debits) as bigint) as Debits, cast(sum(e.credits) as bigint) as Credits
                from (
                  select control, debits, credits from billing_account_day where tenant_id = @Tenant and day < @Day
                  union all
                  select a.control, t.amount, 0 from billing_transfer as t join billing_account as a on a.tenant_id = t.tenant_id and a.id = t.debit_id
                  where t.tenant_id = @Tenant and t.at >= @From and t.at <= @AsOf and {Posted}
                  union all
                  select a.control, 0, t.amount from billing_transfer as t join billing_account as a on a.tenant_id = t.tenant_id and a.id = t.credit_id
                  where t.tenant_id = @Tenant and t.at >= @From and t.at <= @AsOf and {Posted}
                ) as e
                group by e.control
                """,
            new { Tenant = tenant.ToString(), AsOf = asOf?.ToMicroseconds(), Day = Day(asOf), From = Day(asOf) * LedgerDay.Microseconds },
            cancellationToken);

    public async Task<Dictionary<string, BalanceLimit>> LimitsAsync(TenantId tenant, IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<(string Id, long Limit)>(new CommandDefinition(
            $"select id, balance_limit from billing_account where tenant_id = @Tenant and id in (select r.value from {database.Dialect.Texts("Ids")} as r)",
            new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(accounts) },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Id, row => (BalanceLimit)row.Limit);
    }

    public async Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        if (query.Where.Keys.Except(Filters).Any())
        {
            throw new ArgumentException("Accounts are filtered by kind and owner.", nameof(query));
        }

        var rows = await ReadAsync(
            tenant,
            $"""
            select {Columns} from billing_account
            where tenant_id = @Tenant {string.Concat(query.Where.Keys.Select(column => $"and {column} = @{column} "))}
              and code > @After and {Moved}
            order by code
            limit @Limit
            """,
            new { Tenant = tenant.ToString(), kind = query.Where.GetValueOrDefault("kind"), owner = query.Where.GetValueOrDefault("owner"), After = query.After ?? "", Limit = query.Limit + 1 },
            cancellationToken).ConfigureAwait(false);
        return new Page<Balance>([.. rows.Take(query.Limit)], rows.Count > query.Limit ? rows[query.Limit - 1].Account.Code : null);
    }

    public async Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var at = query.After is null ? long.MaxValue : await connection.QueryFirstOrDefaultAsync<long>(new CommandDefinition(
            "select at from billing_transfer where tenant_id = @Tenant and id = @After",
            new { Tenant = tenant.ToString(), query.After },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"""
            select t.id as Id, d.code as Debit, c.code as Credit, t.amount as Amount, t.at as At, t.kind as Kind, t.cause as Cause,
              t.step as Step, t.linked as Linked, t.closes as Closes, t.timeout as Timeout, t.pending_id as PendingId
            from (select * from ({Side("debit_id")}) as debited union all select * from ({Side("credit_id")}) as credited) as t
            join billing_account as d on d.tenant_id = @Tenant and d.id = t.debit_id
            join billing_account as c on c.tenant_id = @Tenant and c.id = t.credit_id
            order by t.at desc, t.id desc
            limit @Limit
            """,
            new { Tenant = tenant.ToString(), Account = account.ToString(), At = at, After = query.After ?? "", Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        return new Page<Transfer>([.. rows.Take(query.Limit).Select(row => row.ToTransfer())], rows.Count > query.Limit ? rows[query.Limit - 1].Id : null);
    }

    private static string Side(string column) => $"""
        select id, debit_id, credit_id, amount, at, kind, cause, step, linked, closes, timeout, pending_id from billing_transfer
        where tenant_id = @Tenant and {column} = @Account and (at, id) < (@At, @After)
        order by at desc, id desc
        limit @Limit
        """;

    private static long? Day(Instant? asOf) => asOf is { } instant ? LedgerDay.Of(instant.ToMicroseconds()) : null;

    // All that one side of an account came to until the instant.
    private static string Until(string side, string column) => $"""
        cast(coalesce((select sum(d.{side}) from billing_account_day as d where d.tenant_id = a.tenant_id and d.control = a.code and d.day < @Day and {HasDays}), 0)
          + coalesce((
              select sum(t.amount) from billing_transfer as t
              where t.tenant_id = a.tenant_id and t.{column} = a.id and t.at <= @AsOf and t.at >= case when {HasDays} then @From else {long.MinValue + 1} end and {Posted}
            ), 0) as bigint)
        """;

    // Whoever looks at pending amounts gives back first what is overdue.
    private async Task<IReadOnlyList<Balance>> ReadAsync(TenantId tenant, string sql, object parameters, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(tenant, sql, parameters, cancellationToken).ConfigureAwait(false);
        if (rows.Any(row => (row.DebitsPending | row.CreditsPending) > 0) && await expired.GiveBackAsync(tenant, cancellationToken).ConfigureAwait(false))
        {
            rows = await QueryAsync(tenant, sql, parameters, cancellationToken).ConfigureAwait(false);
        }

        return [.. rows.Where(row => row.IsMoved).OrderBy(row => row.Code, StringComparer.Ordinal).Select(row => row.ToBalance())];
    }

    private async Task<List<BalanceRow>> QueryAsync(TenantId tenant, string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        return (await connection.QueryAsync<BalanceRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
    }
}
