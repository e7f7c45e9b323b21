using System.Data.Common;
using System.Text.Json;
using BillApis.Ledger;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>The ledger in <c>billing_account</c> and <c>billing_transfer</c>.</summary>
/// <remarks>
/// Locks are taken in one order, transfers by id and then accounts by id, so that writers wait for each other but never in a circle;
/// an account is locked last and for no longer than the commit.
/// </remarks>
internal sealed class SqlLedger(SqlDatabase database) : ILedger
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
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
            return created.Count == 0
                || (await InsertAsync(transaction, tenant, created, cancellationToken).ConfigureAwait(false) == created.Count
                    && await MoveAsync(transaction, tenant, batch.Changes(results), cancellationToken).ConfigureAwait(false) > 0);
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

    private Task<int> InsertAsync(DbTransaction transaction, TenantId tenant, List<TransferRow> created, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"""
            insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause)
            select @Tenant, r.id, r.debit_id, r.credit_id, r.asset, r.amount, r.at, r.kind, r.cause
            from {database.Dialect.Rows("Rows", "id text", "debit_id text", "credit_id text", "asset text", "amount bigint", "at bigint", "kind bigint", "cause text")} as r
            where true
            order by r.id
            on conflict (tenant_id, id) do nothing
            """,
            new { Tenant = tenant.ToString(), Rows = JsonSerializer.Serialize(created, Json) },
            transaction,
            cancellationToken: cancellationToken));

    private Task<int> MoveAsync(DbTransaction transaction, TenantId tenant, IEnumerable<BalanceRow> changes, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"""
            insert into billing_account (tenant_id, id, code, kind, asset, owner, control, debits, credits)
            select @Tenant, r.id, r.code, r.kind, r.asset, r.owner, r.control, r.debits, r.credits
            from {database.Dialect.Rows("Rows", "id text", "code text", "kind text", "asset text", "owner text", "control text", "debits bigint", "credits bigint")} as r
            where true
            order by r.id
            on conflict (tenant_id, id) do update
            set debits = billing_account.debits + excluded.debits, credits = billing_account.credits + excluded.credits
            """,
            new { Tenant = tenant.ToString(), Rows = JsonSerializer.Serialize(changes, Json) },
            transaction,
            cancellationToken: cancellationToken));
}
