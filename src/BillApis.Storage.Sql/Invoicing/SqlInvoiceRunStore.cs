using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>Runs in <c>billing_invoice_run</c>.</summary>
internal sealed class SqlInvoiceRunStore(SqlDatabase database) : SqlStore<InvoiceRun>(database, Map), IInvoiceRunStore
{
    private static readonly EntityMap<InvoiceRun> Map = EntityMap<InvoiceRun>.Of(
        "billing_invoice_run",
        EntityColumn<InvoiceRun>.Text("status", item => EntityMaps.Wire(item.Status)),
        EntityColumn<InvoiceRun>.Number("progress_at", item => item.ProgressAt.ToMicroseconds())) with { IsAudited = false };

    private readonly SqlDatabase _database = database;

    public async Task<IReadOnlyList<InvoiceRun>> StalledAsync(Instant since, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select body as Body, version as Version from billing_invoice_run where status = 'running' and progress_at < @Since order by progress_at limit @Limit",
            new { Since = since.ToMicroseconds(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }
}
