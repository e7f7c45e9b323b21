using System.Data.Common;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Imports in <c>billing_usage_import</c>, and their files beside it.</summary>
internal sealed class SqlUsageImportStore(SqlDatabase database) : SqlStore<UsageImport>(database, Map), IUsageImportStore
{
    private static readonly EntityMap<UsageImport> Map = EntityMap<UsageImport>.Of(
        "billing_usage_import",
        EntityColumn<UsageImport>.Text("status", item => EntityMaps.Wire(item.Status)),
        EntityColumn<UsageImport>.Number("progress_at", item => item.ProgressAt.ToMicroseconds())) with { IsAudited = false };

    private readonly SqlDatabase _database = database;

    public async Task<IReadOnlyList<UsageImport>> StalledAsync(Instant since, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "select body as Body, version as Version from billing_usage_import where status in ('uploading', 'running') and progress_at < @Since order by progress_at, id limit @Limit",
            new { Since = since.ToMicroseconds(), Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
    }

    public Task AddPartAsync(TenantId tenant, UsageImportId id, long part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            tenant,
            transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
                "insert into billing_usage_import_part (tenant_id, import_id, part, bytes) values (@Tenant, @Id, @Part, @Bytes)",
                new { Tenant = tenant.ToString(), Id = id.ToString(), Part = part, Bytes = bytes.ToArray() },
                transaction,
                cancellationToken: cancellationToken)),
            cancellationToken);

    public async Task<byte[]?> ReadPartAsync(TenantId tenant, UsageImportId id, long part, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await connection.QueryFirstOrDefaultAsync<byte[]>(new CommandDefinition(
            "select bytes from billing_usage_import_part where tenant_id = @Tenant and import_id = @Id and part = @Part",
            new { Tenant = tenant.ToString(), Id = id.ToString(), Part = part },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    public async Task<int> CountAsync(TenantId tenant, IReadOnlyCollection<UsageEvent> events, IReadOnlyCollection<Instant> recordedAt, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        var keys = events.Select(item => (item.Source, item.Id)).Distinct().SelectMany(key => recordedAt.Select(at => new { source = key.Source, id = key.Id, at = at.ToMicroseconds() }));
        return (await connection.BulkReadAsync<string>(
            $"""
            select e.id from {_database.Dialect.Rows("Rows", "source text", "id text", "at bigint")} as r
            cross join {_database.Dialect.UsageLog.Keyed("r.source", "r.id")}
            where e.tenant_id = @Tenant and e.recorded_at = r.at
            """,
            tenant,
            keys,
            cancellationToken).ConfigureAwait(false)).Count;
    }

    protected override async Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<UsageImport> rows, CancellationToken cancellationToken)
    {
        foreach (var item in rows.Items.Where(item => item.IsOver))
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                "delete from billing_usage_import_part where tenant_id = @Tenant and import_id = @Id",
                new { Tenant = tenant.ToString(), Id = item.Id.ToString() },
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
    }
}
