using System.Data.Common;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;

namespace BillApis.Postgres;

/// <summary>Events in a table whose indexes are always up to date.</summary>
internal sealed class PostgresUsageLog(SqlDialect dialect) : IUsageLog
{
    public async Task<Action?> AppendAsync(DbTransaction transaction, bool isFirst, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        // One order for all writers: whoever holds a key never waits for one that comes before it.
        var sorted = entries.OrderBy(entry => entry.Key.Source, StringComparer.Ordinal).ThenBy(entry => entry.Key.Id, StringComparer.Ordinal).ToList();
        var written = await dialect.WriteAsync(transaction, tenant, Rows(sorted), Insert, 2, cancellationToken).ConfigureAwait(false);
        var known = sorted.Where((_, i) => !written[i]).ToList();
        sorted.ForEach(entry => entry.Known = null);
        if (known.Count > 0)
        {
            var hashes = (await transaction.BulkReadAsync<HashRow>(Hashes(), tenant, known.Select(entry => new { source = entry.Key.Source, id = entry.Key.Id }), cancellationToken).ConfigureAwait(false))
                .ToDictionary(row => (row.Source, row.Id), row => row.Hash);
            known.ForEach(entry => entry.Known = hashes[entry.Key]);
        }

        return null;
    }

    public Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken) =>
        transaction.BulkAsync(
            Assign(),
            tenant,
            entries.Select(entry => new { source = entry.Key.Source, id = entry.Key.Id, customer_id = entry.Item.Customer, metrics = entry.Metrics }),
            cancellationToken);

    public Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken) => Task.CompletedTask;

    private static SqlRows Rows(List<UsageEntry> entries)
    {
        var rows = new SqlRows(
            "source text", "id text", "type text", "customer text", "customer_id text", "subscription_id text", "at bigint", "recorded_at bigint", "properties text", "hash text", "metrics text");
        foreach (var entry in entries)
        {
            var (item, stamped) = (entry.Item.Event, entry.Item);
            rows.Add(
                item.Source, item.Id, item.Type, item.Customer, stamped.Customer?.ToString(), item.SubscriptionId?.ToString() ?? "",
                SqlTime.ToMicroseconds(stamped.At), SqlTime.ToMicroseconds(stamped.RecordedAt), entry.Properties, stamped.Hash, entry.Metrics);
        }

        return rows;
    }

    private static string Insert(string rows) =>
        $"""
        insert into billing_usage_event (tenant_id, source, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
        select @Tenant, r.source, r.id, r.type, r.customer, r.customer_id, r.subscription_id, r.at, r.recorded_at, r.properties, r.hash, r.metrics
        from {rows} as r
        where true
        on conflict (tenant_id, source, id) do nothing
        """;

    private string Hashes() =>
        $"""
        select e.source as Source, e.id as Id, e.hash as Hash
        from {dialect.Rows("Rows", "source text", "id text")} as r
        cross join billing_usage_event as e
        where e.tenant_id = @Tenant and e.source = r.source and e.id = r.id
        """;

    private string Assign() =>
        $"""
        update billing_usage_event set customer_id = r.customer_id, metrics = r.metrics
        from {dialect.Rows("Rows", "source text", "id text", "customer_id text", "metrics text")} as r
        where billing_usage_event.tenant_id = @Tenant and billing_usage_event.source = r.source and billing_usage_event.id = r.id
        """;

    private sealed record HashRow
    {
        public required string Source { get; init; }
        public required string Id { get; init; }
        public required string Hash { get; init; }
    }
}
