using System.Data.Common;
using System.Text;
using System.Text.Json;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Empties events in their blocks and takes them out of the indexes by customer and time; the key, and the hash that it leads to, stay. What comes back is written where it was.</summary>
internal sealed class SqliteOldUsage(IUsageLog log) : IOldUsage
{
    private const int EventsOfLot = 20_000;
    private const string Seqs = "(select value from json_each(@Rows))";
    private static readonly string[] Columns = ["id", "type", "customer", "customer_id", "subscription_id", "at", "recorded_at", "properties", "metrics"];

    // From month to month, by one look into the index for each: no slice lies in two.
    public async Task<IReadOnlyList<long>> MonthsAsync(DbConnection connection, TenantId tenant, long before, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<long>(new CommandDefinition(
            """
            with recursive found(at) as (
                select min(last_at) from billing_usage_slice where owner = @Tenant
                union all
                select (select min(s.last_at) from billing_usage_slice as s where s.owner = @Tenant and s.last_at >= cast(strftime('%s', f.at / 1000000, 'unixepoch', 'start of month', '+1 month') as integer) * 1000000)
                from found as f where f.at < @Before
            )
            select (cast(strftime('%Y', at / 1000000, 'unixepoch') as integer) - 1970) * 12 + cast(strftime('%m', at / 1000000, 'unixepoch') as integer) - 1 from found where at < @Before
            """,
            new { Tenant = tenant.ToString(), Before = ArchivedUsage.IntervalOf(ArchivedUsage.MonthOf(before)).Start.ToMicroseconds() },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    public async Task<IReadOnlyList<long>> FindAsync(DbConnection connection, TenantId tenant, long month, CancellationToken cancellationToken)
    {
        var interval = ArchivedUsage.IntervalOf(ArchivedUsage.MonthOf(month));
        return (await connection.QueryAsync<long>(new CommandDefinition(
            $"""
            select e.seq
            from {EventRow.ByTime} as e
            where e.tenant_id = @Tenant and {log.Happened(EventRow.ByTime, "@First", "@Last")}
              and not exists (select 1 from billing_usage_orphan as o where o.tenant_id = @Tenant and o.source = e.source and o.id = e.id and {UsageOrphans.Open("o")})
            limit {EventsOfLot}
            """,
            new { Tenant = tenant.ToString(), First = interval.Start.ToMicroseconds(), Last = interval.End.ToMicroseconds() },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
    }

    public async Task<IReadOnlyList<EventRow>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<long> rows, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<EventRow>(new CommandDefinition(
            $"""
            select {EventRow.Columns}
            from (
                select s.tenant_id, s.source, {string.Join(", ", Columns.Select(column => $"{Of(column)} as {column}"))}
                from {Seqs} as r cross join billing_usage_block as b cross join billing_usage_source as s
                where b.no = r.value / {SqliteUsageBlock.Most} and s.no = {Of("source_no")}
            ) as e
            where e.tenant_id = @Tenant and e.properties <> ''
            order by e.at, e.source, e.id
            """,
            Parameters(tenant, rows),
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    public Task RemoveAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<long> rows, IReadOnlyList<EventRow> events, CancellationToken cancellationToken)
    {
        var (connection, owner, removed) = ((SqliteConnection)transaction.Connection!, tenant.ToString(), new SqliteUsageOwners());
        foreach (var block in rows.GroupBy(row => row / SqliteUsageBlock.Most))
        {
            var places = block.Select(row => (int)(row % SqliteUsageBlock.Most)).ToHashSet();
            SqliteUsageAssignment.Rewrite(connection, block.Key, (int place, in SqliteUsageItem item) =>
            {
                if (!places.Contains(place))
                {
                    return SqliteUsageAssignment.Parts(item, null);
                }

                removed.Add(item, SqliteUsageBlock.Number(block.Key, place));
                removed.Add(owner, item.At, SqliteUsageBlock.Number(block.Key, place));
                return Emptied(item);
            });
        }

        removed.Remove(connection);
        return Task.CompletedTask;
    }

    public Task<bool> RestoreAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var (connection, owner, entered) = ((SqliteConnection)transaction.Connection!, tenant.ToString(), new SqliteUsageOwners());
        var lookup = new SqliteKeyLookup(connection.Handle!, owner);
        var found = entries.Select(entry => (Number: lookup.Find(entry.Key.Source, entry.Key.Id), Entry: entry)).ToList();
        var missing = found.Exists(item => item.Number is null);
        foreach (var block in missing ? [] : found.GroupBy(item => item.Number!.Value / SqliteUsageBlock.Most))
        {
            var places = block.ToDictionary(item => (int)(item.Number!.Value % SqliteUsageBlock.Most), item => item.Entry);
            SqliteUsageAssignment.Rewrite(connection, block.Key, (int place, in SqliteUsageItem item) =>
            {
                if (places.GetValueOrDefault(place) is not { } back)
                {
                    return SqliteUsageAssignment.Parts(item, null);
                }

                missing |= !item.Properties.IsEmpty || item.At != back.Item.At.ToMicroseconds() || item.RecordedAt != back.Item.RecordedAt.ToMicroseconds();
                entered.Add(owner, item.At, SqliteUsageBlock.Number(block.Key, place));
                if (back.Item.Customer is { } customer)
                {
                    entered.Add(customer.ToString(), item.At, SqliteUsageBlock.Number(block.Key, place));
                }

                return Filled(item, back);
            });
        }

        if (!missing)
        {
            entered.Enter(connection);
        }

        return Task.FromResult(!missing);
    }

    public Task OpenMonthAsync(long month, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CloseMonthsAsync(long before, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Of(string column) => $"billing_event(b.events, r.value % {SqliteUsageBlock.Most}, '{column}')";

    private static SqliteUsageParts Emptied(in SqliteUsageItem item) => new()
    {
        Source = item.Source, Id = Encoding.UTF8.GetString(item.Id), Type = "", CustomerName = "", Customer = null, Subscription = null,
        At = item.At, RecordedAt = item.RecordedAt, Properties = "", Hash = Encoding.UTF8.GetString(item.Hash), Metrics = [],
    };

    private static SqliteUsageParts Filled(in SqliteUsageItem item, UsageEntry entry) => new()
    {
        Source = item.Source, Id = entry.Key.Id, Type = entry.Item.Event.Type, CustomerName = entry.Item.Event.Customer, Customer = entry.Item.Customer?.Value, Subscription = entry.Item.Event.SubscriptionId?.Value,
        At = item.At, RecordedAt = item.RecordedAt, Properties = entry.Properties, Hash = Encoding.UTF8.GetString(item.Hash), Metrics = entry.Open.Select(part => part.Metric.Id.Value).ToArray(),
    };

    private static object Parameters(TenantId tenant, IReadOnlyList<long> rows) => new { Tenant = tenant.ToString(), Rows = JsonSerializer.Serialize(rows) };
}
