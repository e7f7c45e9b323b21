using System.Data.Common;
using System.Text;
using System.Text.Json;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Empties events in their blocks and takes them out of the indexes by customer and time; the key, and the hash that it leads to, stay. What comes back is written where it was.</summary>
internal sealed class SqliteOldUsage : IOldUsage
{
    private const int EventsOfLot = 20_000;
    private const string Seqs = "(select value from json_each(@Rows))";
    private static readonly string[] Columns = ["id", "type", "customer", "customer_id", "subscription_id", "at", "recorded_at", "properties", "metrics"];

    // From month to month, by one look into the index for each.
    public async Task<IReadOnlyList<long>> MonthsAsync(DbConnection connection, TenantId tenant, long before, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<long>(new CommandDefinition(
            """
            with recursive found(at) as (
                select min(at) from billing_usage_time where tenant_id = @Tenant
                union all
                select (select min(t.at) from billing_usage_time as t where t.tenant_id = @Tenant and t.at >= cast(strftime('%s', f.at / 1000000, 'unixepoch', 'start of month', '+1 month') as integer) * 1000000)
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
            where e.tenant_id = @Tenant and e.at >= @First and e.at < @Last
              and not exists (select 1 from billing_usage_orphan as o where o.tenant_id = @Tenant and o.source = e.source and o.id = e.id and {UsageOrphans.Open("o")})
            order by e.at, e.seq
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

    public async Task RemoveAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<long> rows, IReadOnlyList<EventRow> events, CancellationToken cancellationToken)
    {
        foreach (var (table, owner) in ((string, string)[])[("billing_usage_customer", Of("customer_id")), ("billing_usage_time", "@Tenant")])
        {
            var column = table == "billing_usage_time" ? "tenant_id" : "customer_id";
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                $"delete from {table} where ({column}, at, seq) in (select {owner}, {Of("at")}, r.value from {Seqs} as r cross join billing_usage_block as b where b.no = r.value / {SqliteUsageBlock.Most})",
                Parameters(tenant, rows),
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false);
        }

        foreach (var block in rows.GroupBy(row => row / SqliteUsageBlock.Most))
        {
            var places = block.Select(row => (int)(row % SqliteUsageBlock.Most)).ToHashSet();
            SqliteUsageAssignment.Rewrite((SqliteConnection)transaction.Connection!, block.Key, (int place, in SqliteUsageItem item) => places.Contains(place) ? Emptied(item) : SqliteUsageAssignment.Parts(item, null));
        }
    }

    public Task<bool> RestoreAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)transaction.Connection!;
        var find = SqliteStatement.Of(connection, "select i.seq from billing_usage_source as s cross join billing_usage_key as i where s.tenant_id = ?1 and s.source = ?2 and i.source_no = s.no and i.id = ?3");
        var (found, missing) = (new List<(long Seq, UsageEntry Entry)>(entries.Count), false);
        foreach (var entry in entries)
        {
            find.Bind(1, tenant.ToString());
            find.Bind(2, entry.Key.Source);
            find.Bind(3, entry.Key.Id);
            var seq = find.Find();
            missing |= seq is null;
            found.Add((seq ?? 0, entry));
        }

        foreach (var block in missing ? [] : found.GroupBy(item => item.Seq / SqliteUsageBlock.Most))
        {
            var places = block.ToDictionary(item => (int)(item.Seq % SqliteUsageBlock.Most), item => item.Entry);
            SqliteUsageAssignment.Rewrite(connection, block.Key, (int place, in SqliteUsageItem item) =>
            {
                var back = places.GetValueOrDefault(place);
                missing |= back is not null && (!item.Properties.IsEmpty || item.At != back.Item.At.ToMicroseconds() || item.RecordedAt != back.Item.RecordedAt.ToMicroseconds());
                return back is null ? SqliteUsageAssignment.Parts(item, null) : Filled(item, back);
            });
        }

        if (!missing)
        {
            Enter(connection, "insert into billing_usage_time (tenant_id, at, seq) values (?1, ?2, ?3)", found.Select(item => (tenant.ToString(), item.Seq, item.Entry)));
            Enter(connection, "insert into billing_usage_customer (customer_id, at, seq) values (?1, ?2, ?3)", found.Where(item => item.Entry.Item.Customer is not null).Select(item => (item.Entry.Item.Customer!.Value.ToString(), item.Seq, item.Entry)));
        }

        return Task.FromResult(!missing);
    }

    public Task OpenMonthAsync(long month, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CloseMonthsAsync(long before, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Of(string column) => $"billing_event(b.events, r.value % {SqliteUsageBlock.Most}, '{column}')";

    // In the order of the index: what lies together is written together.
    private static void Enter(SqliteConnection connection, string sql, IEnumerable<(string Owner, long Seq, UsageEntry Entry)> rows)
    {
        var insert = SqliteStatement.Of(connection, sql);
        foreach (var (owner, seq, entry) in rows.OrderBy(row => row.Owner, StringComparer.Ordinal).ThenBy(row => row.Entry.Item.At).ThenBy(row => row.Seq))
        {
            insert.Bind(1, owner);
            insert.Bind(2, entry.Item.At.ToMicroseconds());
            insert.Bind(3, seq);
            insert.Run();
        }
    }

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
