using System.Data.Common;
using System.Text.Json;
using BillApis.Ledger;
using Dapper;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Proves the running balances against the transfers, and makes them anew from nothing else.</summary>
internal sealed class BalanceCheck(SqlDatabase database)
{
    private const string Recomputed = """
        coalesce((select sum(t.amount) from billing_transfer as t where t.tenant_id = billing_account.tenant_id and t.debit_id = billing_account.id), 0) as debits,
        coalesce((select sum(t.amount) from billing_transfer as t where t.tenant_id = billing_account.tenant_id and t.credit_id = billing_account.id), 0) as credits
        """;

    /// <summary>The balances that the transfers give, of the accounts that stand otherwise.</summary>
    public async Task<IReadOnlyList<Balance>> CompareAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<BalanceRow>(new CommandDefinition(
            $"""
            select r.code as Code, cast(r.debits as bigint) as Debits, cast(r.credits as bigint) as Credits
            from (select code, debits as stored_debits, credits as stored_credits, {Recomputed} from billing_account where tenant_id = @Tenant) as r
            where r.debits <> r.stored_debits or r.credits <> r.stored_credits
            order by r.code
            """,
            new { Tenant = tenant.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.ToBalance())];
    }

    /// <summary>Sets every balance to what the transfers give; writers wait meanwhile.</summary>
    public Task<int> RebuildAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                var locked = await LockAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
                return await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    $"""
                    update billing_account set (debits, credits) = (select r.debits, r.credits from (select {Recomputed}) as r)
                    where tenant_id = @Tenant and id in (select r.id from {database.Dialect.Rows("Ids", "id text")} as r)
                    """,
                    new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(locked.Select(id => new { id })) },
                    transaction,
                    cancellationToken: cancellationToken)).ConfigureAwait(false);
            },
            cancellationToken);

    // Only accounts that are held can be set: a transfer on its way to any other would be missed.
    private static Task<IEnumerable<string>> LockAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection!.QueryAsync<string>(new CommandDefinition(
            "update billing_account set debits = debits where tenant_id = @Tenant returning id",
            new { Tenant = tenant.ToString() },
            transaction,
            cancellationToken: cancellationToken));
}
