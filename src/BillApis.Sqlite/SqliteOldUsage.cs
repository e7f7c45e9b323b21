using System.Data.Common;
using System.Text;
using System.Text.Json;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Empties events in their blocks and takes them out of the indexes by customer and time; the key, and the hash that it leads to, stay.</summary>
internal sealed class SqliteOldUsage : IOldUsage
{
    private const int EventsOfLot = 20_000;
    private const string Seqs = "(select value from json_each(@Rows))";
    private static readonly string[] Columns = ["id", "type", "customer", "customer_id", "subscription_id", "at", "recorded_at", "properties", "metrics"];

    public string Due =>
        """
        select distinct tenant_id as TenantId, (cast(strftime('%Y', at / 1000000, 'unixepoch') as integer) - 1970) * 12 + cast(strftime('%m', at / 1000000, 'unixepoch') as integer) - 1 as Month
        from billing_usage_time
        where at < cast(strftime('%s', '1970-01-01', '+' || @Before || ' months') as integer) * 1000000
        """;

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
            Empty((SqliteConnection)transaction.Connection!, block.Key, [.. block.Select(row => (int)(row % SqliteUsageBlock.Most))]);
        }
    }

    public Task<bool> IsKnownAsync(DbConnection connection, TenantId tenant, string source, string id, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select 1 from billing_usage_source as s join billing_usage_key as k on k.source_no = s.no where s.tenant_id = @Tenant and s.source = @source and k.id = @id)",
            new { Tenant = tenant.ToString(), source, id },
            cancellationToken: cancellationToken));

    public Task OpenMonthAsync(long month, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CloseMonthAsync(long month, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Of(string column) => $"billing_event(b.events, r.value % {SqliteUsageBlock.Most}, '{column}')";

    private static void Empty(SqliteConnection connection, long no, HashSet<int> places)
    {
        var block = new SqliteUsageBlock();
        var find = SqliteStatement.Of(connection, SqliteUsageBlock.Select);
        find.Bind(1, no);
        find.Step();
        var events = SqliteUsageBlock.Open(find.Blob(0));
        for (var i = 0; !events.IsEmpty; i++)
        {
            var bytes = SqliteUsageBlock.Next(ref events);
            if (bytes.IsEmpty)
            {
                block.Skip();
                continue;
            }

            var item = new SqliteUsageItem(bytes);
            block.Add(places.Contains(i) ? Emptied(item) : SqliteUsageAssignment.Parts(item, null));
        }

        find.Reset();
        SqliteUsageAssignment.Update(connection, no, block);
    }

    private static SqliteUsageParts Emptied(in SqliteUsageItem item) => new()
    {
        Source = item.Source, Id = Encoding.UTF8.GetString(item.Id), Type = "", CustomerName = "", Customer = null, Subscription = null,
        At = item.At, RecordedAt = item.RecordedAt, Properties = "", Hash = Encoding.UTF8.GetString(item.Hash), Metrics = [],
    };

    private static object Parameters(TenantId tenant, IReadOnlyList<long> rows) => new { Tenant = tenant.ToString(), Rows = JsonSerializer.Serialize(rows) };
}
