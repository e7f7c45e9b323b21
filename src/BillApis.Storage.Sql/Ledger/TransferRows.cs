using System.Data.Common;
using System.Text.Json;
using Dapper;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>Rows of <c>billing_transfer</c> and of what hangs on them: pending amounts and used-up ids.</summary>
internal sealed class TransferRows(SqlDatabase database)
{
    private SqlDialect Dialect => database.Dialect;

    // One look-up by key for each id: as a join, PostgreSQL reads all transfers of a tenant that its statistics do not know yet.
    public Task<IEnumerable<TransferRow>> FindAsync(DbTransaction transaction, TenantId tenant, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        QueryAsync<TransferRow>(
            $"""
            select t.id as Id, t.debit_id as DebitId, t.credit_id as CreditId, t.amount as Amount, t.at as At, t.kind as Kind, t.cause as Cause,
              t.step as Step, t.linked as Linked, t.closes as Closes, t.timeout as Timeout, t.pending_id as PendingId
            from billing_transfer as t where t.tenant_id = @Tenant and t.id in (select r.value from {Dialect.Texts("Ids")} as r)
            """,
            transaction, tenant, ids, cancellationToken);

    public Task<IEnumerable<PendingRow>> FindPendingAsync(DbTransaction transaction, TenantId tenant, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        QueryAsync<PendingRow>(
            $"""
            select p.id as Id, p.debit_id as DebitId, p.credit_id as CreditId, p.amount as Amount, p.closes as Closes, p.state as State
            from billing_transfer_pending as p where p.tenant_id = @Tenant and p.id in (select r.value from {Dialect.Texts("Ids")} as r)
            """,
            transaction, tenant, ids, cancellationToken);

    public Task<IEnumerable<string>> FindRefusedAsync(DbTransaction transaction, TenantId tenant, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        QueryAsync<string>(
            $"select f.id from billing_transfer_refused as f where f.tenant_id = @Tenant and f.id in (select r.value from {Dialect.Texts("Ids")} as r)",
            transaction, tenant, ids, cancellationToken);

    /// <summary>What is to be inserted, in an order that all who write beside each other share.</summary>
    public static SqlRows Of(IEnumerable<TransferRow> ordered)
    {
        var rows = new SqlRows(
            "id text", "debit_id text", "credit_id text", "asset text", "amount bigint", "at bigint", "kind bigint", "cause text",
            "step bigint", "linked bigint", "closes bigint", "timeout bigint", "pending_id text");
        foreach (var row in ordered)
        {
            rows.Add(row.Id, row.DebitId, row.CreditId, row.Asset, row.Amount, row.At, row.Kind, row.Cause, row.Step, row.Linked, row.Closes, row.Timeout, row.PendingId);
        }

        return rows;
    }

    /// <summary>False where one of the ids is stored or used up.</summary>
    public async Task<bool> InsertAsync(DbTransaction transaction, TenantId tenant, SqlRows rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return true;
        }

        // Used-up ids are rare: most books have none, and then no row needs a look.
        var unused = await AnyRefusedAsync(transaction, tenant, cancellationToken).ConfigureAwait(false)
            ? "not exists (select 1 from billing_transfer_refused as f where f.tenant_id = @Tenant and f.id = r.id)"
            : "true";
        var written = await Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause, step, linked, closes, timeout, pending_id)
                select @Tenant, r.id, r.debit_id, r.credit_id, r.asset, r.amount, r.at, r.kind, r.cause, r.step, r.linked, r.closes, r.timeout, r.pending_id from {table} as r
                where {unused}
                on conflict (tenant_id, id) do nothing
                """,
            keyColumns: 1,
            cancellationToken).ConfigureAwait(false);
        return written.All(row => row);
    }

    public Task SavePendingAsync(DbTransaction transaction, TenantId tenant, IReadOnlyCollection<PendingRow> changed, IReadOnlyDictionary<string, long> timeouts, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text", "debit_id text", "credit_id text", "amount bigint", "closes bigint", "timeout bigint", "state bigint");
        foreach (var row in changed.OrderBy(row => row.Id, StringComparer.Ordinal))
        {
            rows.Add(row.Id, row.DebitId, row.CreditId, row.Amount, row.Closes, timeouts.GetValueOrDefault(row.Id), row.State);
        }

        return rows.Count == 0 ? Task.CompletedTask : Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_transfer_pending (tenant_id, id, debit_id, credit_id, amount, closes, expires_at, state)
                select @Tenant, r.id, r.debit_id, r.credit_id, r.amount, r.closes, case when r.timeout > 0 then {Dialect.Now} + r.timeout * 1000000 end, r.state from {table} as r
                where true
                on conflict (tenant_id, id) do update set state = excluded.state
                """,
            cancellationToken);
    }

    public Task SaveRefusedAsync(DbTransaction transaction, TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        ids.Count == 0 ? Task.CompletedTask : transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"insert into billing_transfer_refused (tenant_id, id) select @Tenant, r.value from {Dialect.Texts("Ids")} as r where true on conflict (tenant_id, id) do nothing",
            new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(ids.Order(StringComparer.Ordinal)) },
            transaction,
            cancellationToken: cancellationToken));

    private static Task<bool> AnyRefusedAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select 1 from billing_transfer_refused where tenant_id = @Tenant)", new { Tenant = tenant.ToString() }, transaction, cancellationToken: cancellationToken));

    private static Task<IEnumerable<T>> QueryAsync<T>(string sql, DbTransaction transaction, TenantId tenant, IEnumerable<string> ids, CancellationToken cancellationToken) =>
        transaction.Connection!.QueryAsync<T>(new CommandDefinition(sql, new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(ids) }, transaction, cancellationToken: cancellationToken));
}
