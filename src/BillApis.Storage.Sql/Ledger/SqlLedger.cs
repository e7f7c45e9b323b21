using System.Data.Common;
using System.Text.Json;
using BillApis.Ledger;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The ledger in <c>billing_account</c> and <c>billing_transfer</c>.</summary>
/// <remarks>
/// Locks are taken in one order, transfers by id and then accounts by id, so that writers wait for each other but never in a circle;
/// an account is locked last and for no longer than the commit. Rows are written in the order in which they are added.
/// </remarks>
internal sealed class SqlLedger(SqlDatabase database) : ILedger
{
    private readonly LedgerQueries _queries = new(database);

    public async Task<IReadOnlyList<TransferResult>> PostAsync(TenantId tenant, IReadOnlyList<Transfer> transfers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transfers.Count, ILedger.BatchSize, nameof(transfers));
        var batch = new TransferBatch(tenant, transfers);
        TransferResult[] results = [];
        while (batch.Rows.Length > 0 && !await database.TransactAsync(TryAsync, cancellationToken).ConfigureAwait(false))
        {
            // Another writer stored one of these transfers meanwhile; now it is found.
        }

        return results;

        async Task<bool> TryAsync(DbTransaction transaction)
        {
            results = batch.Decide(await StoredAsync(transaction, tenant, batch, cancellationToken).ConfigureAwait(false));
            var created = batch.Rows.Where((_, index) => results[index] is TransferResult.Created).ToList();
            if (created.Count == 0)
            {
                return true;
            }

            if (!await InsertAsync(transaction, tenant, created, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            await MoveAsync(transaction, tenant, batch.Changes(results), cancellationToken).ConfigureAwait(false);
            return true;
        }
    }

    public Task<IReadOnlyList<Balance>> BalancesAsync(TenantId tenant, IReadOnlyList<AccountId> accounts, Instant? asOf, CancellationToken cancellationToken) =>
        _queries.BalancesAsync(tenant, accounts, asOf, cancellationToken);

    public Task<Page<Balance>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) =>
        _queries.ListAsync(tenant, query, cancellationToken);

    public Task<Page<Transfer>> EntriesAsync(TenantId tenant, AccountId account, StoreQuery query, CancellationToken cancellationToken) =>
        _queries.EntriesAsync(tenant, account, query, cancellationToken);

    public Task<IReadOnlyList<Balance>> TrialBalanceAsync(TenantId tenant, Instant? asOf, CancellationToken cancellationToken) =>
        _queries.TrialBalanceAsync(tenant, asOf, cancellationToken);

    // One look-up by key for each id: as a join, PostgreSQL reads all transfers of a tenant that its statistics do not know yet.
    private async Task<Dictionary<string, string>> StoredAsync(DbTransaction transaction, TenantId tenant, TransferBatch batch, CancellationToken cancellationToken)
    {
        var stored = await transaction.Connection!.QueryAsync<(string Id, string? Content)>(new CommandDefinition(
            $"""
            select r.id, (select {TransferRow.StoredContent} from billing_transfer as t where t.tenant_id = @Tenant and t.id = r.id)
            from {database.Dialect.Rows("Ids", "id text")} as r
            """,
            new { Tenant = tenant.ToString(), Ids = JsonSerializer.Serialize(batch.Rows.Select(row => row.Id).Distinct().Select(id => new { id })) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return stored.Where(row => row.Content is not null).ToDictionary(row => row.Id, row => row.Content!);
    }

    private async Task<bool> InsertAsync(DbTransaction transaction, TenantId tenant, IEnumerable<TransferRow> created, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text", "debit_id text", "credit_id text", "asset text", "amount bigint", "at bigint", "kind bigint", "cause text");
        foreach (var row in created.OrderBy(row => row.Id, StringComparer.Ordinal))
        {
            rows.Add(row.Id, row.DebitId, row.CreditId, row.Asset, row.Amount, row.At, row.Kind, row.Cause);
        }

        var written = await database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause)
                select @Tenant, r.id, r.debit_id, r.credit_id, r.asset, r.amount, r.at, r.kind, r.cause from {table} as r
                where true
                on conflict (tenant_id, id) do nothing
                """,
            keyColumns: 1,
            cancellationToken).ConfigureAwait(false);
        return written.All(row => row);
    }

    private Task MoveAsync(DbTransaction transaction, TenantId tenant, IEnumerable<BalanceRow> changes, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text", "code text", "kind text", "asset text", "owner text", "control text", "debits bigint", "credits bigint");
        foreach (var row in changes.OrderBy(row => row.Id, StringComparer.Ordinal))
        {
            rows.Add(row.Id, row.Code, row.Kind, row.Asset, row.Owner, row.Control, row.Debits, row.Credits);
        }

        return database.Dialect.WriteAsync(
            transaction,
            tenant,
            rows,
            table => $"""
                insert into billing_account (tenant_id, id, code, kind, asset, owner, control, debits, credits)
                select @Tenant, r.id, r.code, r.kind, r.asset, r.owner, r.control, r.debits, r.credits from {table} as r
                where true
                on conflict (tenant_id, id) do update
                set debits = billing_account.debits + excluded.debits, credits = billing_account.credits + excluded.credits
                """,
            cancellationToken);
    }
}
