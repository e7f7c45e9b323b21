using System.Data.Common;
using BillApis.Ledger;
using Dapper;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Proves the running balances against the transfers, and makes them anew from nothing else.</summary>
internal sealed class BalanceCheck(SqlDatabase database, AccountRows accounts)
{
    private const string Day = "(t.at - ((t.at % 86400000000) + 86400000000) % 86400000000) / 86400000000";

    // The days of the general ledger as the transfers give them.
    private const string CountedDays = $"""
        select e.control, e.day, sum(e.debits) as debits, sum(e.credits) as credits
        from (
          select a.control, {Day} as day, t.amount as debits, 0 as credits
          from billing_transfer as t join billing_account as a on a.tenant_id = t.tenant_id and a.id = t.debit_id where t.tenant_id = @Tenant and t.step in (0, 2)
          union all
          select a.control, {Day}, 0, t.amount
          from billing_transfer as t join billing_account as a on a.tenant_id = t.tenant_id and a.id = t.credit_id where t.tenant_id = @Tenant and t.step in (0, 2)
        ) as e
        group by e.control, e.day
        """;

    private static readonly string Counted = $"""
        cast({Sum("billing_transfer", "debit_id", "e.step in (0, 2)")} as bigint) as debits,
        cast({Sum("billing_transfer", "credit_id", "e.step in (0, 2)")} as bigint) as credits,
        cast({Sum("billing_transfer_pending", "debit_id", "e.state = 0")} as bigint) as debits_pending,
        cast({Sum("billing_transfer_pending", "credit_id", "e.state = 0")} as bigint) as credits_pending,
        case when exists (select 1 from billing_transfer_pending as e where e.tenant_id = billing_account.tenant_id and e.state = 0
          and ((e.closes in (1, 3) and e.debit_id = billing_account.id) or (e.closes in (2, 3) and e.credit_id = billing_account.id))) then 1 else 0 end as closed
        """;

    /// <summary>The accounts whose balances the transfers do not give, and the accounts of the general ledger whose days they do not.</summary>
    public async Task<IReadOnlyList<BalanceDifference>> CompareAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<BalanceRow, BalanceRow, BalanceDifference>(
            new CommandDefinition(
                $"""
                select k.code as Code, k.debits as Debits, k.credits as Credits, k.debits_pending as DebitsPending, k.credits_pending as CreditsPending, k.closed as Closed,
                  c.code as Code, c.debits as Debits, c.credits as Credits, c.debits_pending as DebitsPending, c.credits_pending as CreditsPending, cast(c.closed as bigint) as Closed
                from billing_account as k join (select id, code, {Counted} from billing_account where tenant_id = @Tenant) as c on c.id = k.id
                where k.tenant_id = @Tenant and (k.debits <> c.debits or k.credits <> c.credits or k.debits_pending <> c.debits_pending or k.credits_pending <> c.credits_pending or k.closed <> c.closed)
                """,
                new { Tenant = tenant.ToString() },
                cancellationToken: cancellationToken),
            (kept, counted) => new BalanceDifference(kept.ToBalance(), counted.ToBalance()),
            splitOn: "Code").ConfigureAwait(false);
        var days = await connection.QueryAsync<DayRow>(new CommandDefinition(
            $"""
            select r.control as Code, cast(sum(r.debits) as bigint) as Debits, cast(sum(r.credits) as bigint) as Credits,
              cast(sum(r.counted_debits) as bigint) as CountedDebits, cast(sum(r.counted_credits) as bigint) as CountedCredits
            from (
              select control, day, debits, credits, 0 as counted_debits, 0 as counted_credits from billing_account_day where tenant_id = @Tenant
              union all
              select c.control, c.day, 0, 0, c.debits, c.credits from ({CountedDays}) as c
            ) as r
            group by r.control, r.day
            having sum(r.debits) <> sum(r.counted_debits) or sum(r.credits) <> sum(r.counted_credits)
            """,
            new { Tenant = tenant.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Concat(days.Select(row => row.ToDifference())).OrderBy(difference => difference.Kept.Account.Code, StringComparer.Ordinal)];
    }

    /// <summary>Sets every balance and every day to what the transfers give; writers wait meanwhile.</summary>
    public Task<int> RebuildAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(
            tenant,
            async transaction =>
            {
                await accounts.LockAllAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
                return await SetAsync(transaction, new { Tenant = tenant.ToString() }, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    private static Task<int> SetAsync(DbTransaction transaction, object parameters, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"""
            update billing_account set (debits, credits, debits_pending, credits_pending, closed) = (select r.debits, r.credits, r.debits_pending, r.credits_pending, r.closed from (select {Counted}) as r)
            where tenant_id = @Tenant;
            delete from billing_account_day where tenant_id = @Tenant;
            insert into billing_account_day (tenant_id, control, day, debits, credits)
            select @Tenant, r.control, r.day, cast(r.debits as bigint), cast(r.credits as bigint) from ({CountedDays}) as r;
            """,
            parameters,
            transaction,
            cancellationToken: cancellationToken));

    private static string Sum(string table, string side, string counts) =>
        $"coalesce((select sum(e.amount) from {table} as e where e.tenant_id = billing_account.tenant_id and e.{side} = billing_account.id and {counts}), 0)";

    private sealed record DayRow
    {
        public required string Code { get; init; }
        public required long Debits { get; init; }
        public required long Credits { get; init; }
        public required long CountedDebits { get; init; }
        public required long CountedCredits { get; init; }

        public BalanceDifference ToDifference()
        {
            var account = Account.Parse(Code);
            return new(new Balance(account, Debits, Credits), new Balance(account, CountedDebits, CountedCredits));
        }
    }
}
