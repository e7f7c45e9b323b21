using System.Text.Json;
using BillApis.Ledger;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The reading half of <see cref="SqlLedger"/>.</summary>
internal sealed class LedgerQueries(SqlDatabase database)
{
    private static readonly string[] Filters = ["kind", "owner"];

    // Every transfer twice, once for each of its accounts.
    private const string Entries = """
        (select debit_id as account_id, amount as debit, 0 as credit from billing_transfer where tenant_id = @Tenant and at <= @AsOf
        union all select credit_id, 0, amount from billing_transfer where tenant_id = @Tenant and at <= @AsOf) as e
        """;

    public Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken)
    {
        var rows = database.Dialect.Rows("Ids", "id text");
        var sql = asOf is null
            ? $"select code as Code, debits as Debits, credits as Credits from billing_account where tenant_id = @Tenant and id in (select r.id from {rows} as r)"
            : $"""
            select a.code as Code,
              cast(coalesce((select sum(t.amount) from billing_transfer as t where t.tenant_id = a.tenant_id and t.debit_id = a.id and t.at <= @AsOf), 0) as bigint) as Debits,
              cast(coalesce((select sum(t.amount) from billing_transfer as t where t.tenant_id = a.tenant_id and t.credit_id = a.id and t.at <= @AsOf), 0) as bigint) as Credits
            from billing_account as a
            where a.tenant_id = @Tenant and a.id in (select r.id from {rows} as r)
            """;
        return ReadAsync(sql, new { Tenant = tenant.ToString(), AsOf = asOf?.ToMicroseconds(), Ids = JsonSerializer.Serialize(accounts.Select(id => new { id = id.ToString() })) }, cancellationToken);
    }

    public Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken) =>
        ReadAsync(
            asOf is null
                ? "select control as Code, cast(sum(debits) as bigint) as Debits, cast(sum(credits) as bigint) as Credits from billing_account where tenant_id = @Tenant group by control"
                : $"""
                select a.control as Code, cast(sum(e.debit) as bigint) as Debits, cast(sum(e.credit) as bigint) as Credits
                from {Entries} join billing_account as a on a.tenant_id = @Tenant and a.id = e.account_id
                group by a.control
                """,
            new { Tenant = tenant.ToString(), AsOf = asOf?.ToMicroseconds() },
            cancellationToken);

    public async Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        if (query.Where.Keys.Except(Filters).Any())
        {
            throw new ArgumentException("Accounts are filtered by kind and owner.", nameof(query));
        }

        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<BalanceRow>(new CommandDefinition(
            $"""
            select code as Code, debits as Debits, credits as Credits from billing_account
            where tenant_id = @Tenant {string.Concat(query.Where.Keys.Select(column => $"and {column} = @{column} "))}
              and code > @After
            order by code
            limit @Limit
            """,
            new { Tenant = tenant.ToString(), kind = query.Where.GetValueOrDefault("kind"), owner = query.Where.GetValueOrDefault("owner"), After = query.After ?? "", Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        return new Page<Balance>([.. rows.Take(query.Limit).Select(row => row.ToBalance())], rows.Count > query.Limit ? rows[query.Limit - 1].Code : null);
    }

    public async Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var at = query.After is null ? long.MaxValue : await connection.QueryFirstOrDefaultAsync<long>(new CommandDefinition(
            "select at from billing_transfer where tenant_id = @Tenant and id = @After",
            new { Tenant = tenant.ToString(), query.After },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"""
            select t.id as Id, d.code as Debit, c.code as Credit, t.amount as Amount, t.at as At, t.kind as Kind, t.cause as Cause
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
        select id, debit_id, credit_id, amount, at, kind, cause from billing_transfer
        where tenant_id = @Tenant and {column} = @Account and (at, id) < (@At, @After)
        order by at desc, id desc
        limit @Limit
        """;

    private async Task<IReadOnlyList<Balance>> ReadAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<BalanceRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Where(row => row.Debits > 0 || row.Credits > 0).OrderBy(row => row.Code, StringComparer.Ordinal).Select(row => row.ToBalance())];
    }
}
