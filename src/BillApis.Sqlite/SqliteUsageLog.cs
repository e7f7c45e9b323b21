using System.Data.Common;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>
/// Events in one table that only grows at its end. Its indexes trail: what was appended since is entered in bulk and in order, because a page of an
/// index that is written for each single event costs many times the event itself. The keys of the tail are held in memory, and are read again from the
/// tail where another process wrote, or this one was started anew.
/// </summary>
internal sealed class SqliteUsageLog : IUsageLog
{
    /// <summary>How many events the indexes may be behind.</summary>
    private const int Trail = 65_536;

    private readonly Lock _lock = new();
    private readonly SqliteUsageTail _tail = new();

    public Task<Action?> AppendAsync(DbTransaction transaction, bool isFirst, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)transaction.Connection!;
        if (!isFirst)
        {
            // A caller's transaction may only have read so far: from here on nobody else writes, and what is looked up stays as it is.
            connection.Execute("update billing_usage_progress set indexed = indexed", transaction: transaction);
        }

        lock (_lock)
        {
            var keys = _tail.Open(connection, isFirst);
            var added = Append(connection, keys, tenant, entries);
            if (!isFirst)
            {
                return Task.FromResult<Action?>(null);
            }

            if (keys.Last + added.Count - keys.Indexed >= Trail)
            {
                CatchUp(connection);
                return Task.FromResult<Action?>(null);
            }

            return Task.FromResult<Action?>(() => Keep(keys, added));
        }
    }

    public Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)transaction.Connection!;
        CatchUp(connection);
        var find = SqliteStatement.Of(connection, $"select seq from {EventRow.ByKey} where tenant_id = ?1 and source = ?2 and id = ?3");
        var leave = SqliteStatement.Of(connection, "delete from billing_usage_customer where (customer_id, at, seq) = (select customer_id, at, seq from billing_usage_event where seq = ?1)");
        var assign = SqliteStatement.Of(connection, "update billing_usage_event set customer_id = ?2, metrics = ?3 where seq = ?1");
        var enter = SqliteStatement.Of(connection, "insert or ignore into billing_usage_customer (customer_id, at, seq) select customer_id, at, seq from billing_usage_event where seq = ?1");
        foreach (var entry in entries)
        {
            find.Bind(1, tenant.ToString());
            find.Bind(2, entry.Key.Source);
            find.Bind(3, entry.Key.Id);
            var seq = find.Find()!.Value;
            leave.Bind(1, seq);
            leave.Run();
            assign.Bind(1, seq);
            assign.Bind(2, entry.Item.Customer!.ToString());
            assign.Bind(3, entry.Metrics);
            assign.Run();
            enter.Bind(1, seq);
            enter.Run();
        }

        return Task.CompletedTask;
    }

    public Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition($"select exists (select 1 from {SqliteUsageTail.Rows})", cancellationToken: cancellationToken));

    public Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        CatchUp((SqliteConnection)transaction.Connection!);
        return Task.CompletedTask;
    }

    public string Happened(string view, string first, string last) => $"e.at >= {first} and e.at < {last}";

    public Task<long?> FloorAsync(DbConnection connection, TenantId tenant, CustomerId? customer, long before, int skip, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    private static List<(long Source, string Id)> Append(SqliteConnection connection, SqliteUsageKeys keys, TenantId tenant, IReadOnlyList<UsageEntry> entries)
    {
        var added = new List<(long, string)>(entries.Count);
        var insert = SqliteStatement.Of(
            connection,
            """
            insert into billing_usage_event (seq, source_no, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """);
        foreach (var group in entries.GroupBy(entry => entry.Key.Source, StringComparer.Ordinal))
        {
            var source = keys.Source(tenant, group.Key);
            var indexed = keys.MayBeIndexed(source, group);
            foreach (var entry in group)
            {
                entry.Known = keys.HashOf(source, entry.Key.Id, indexed);
                if (entry.Known is null)
                {
                    added.Add((source, entry.Key.Id));
                    Insert(insert, keys.Last + added.Count, source, entry);
                }
            }
        }

        return added;
    }

    private static void Insert(SqliteStatement insert, long seq, long source, UsageEntry entry)
    {
        var (item, stamped) = (entry.Item.Event, entry.Item);
        insert.Bind(1, seq);
        insert.Bind(2, source);
        insert.Bind(3, item.Id);
        insert.Bind(4, item.Type);
        insert.Bind(5, item.Customer);
        insert.Bind(6, stamped.Customer?.ToString());
        insert.Bind(7, item.SubscriptionId?.ToString() ?? "");
        insert.Bind(8, SqlTime.ToMicroseconds(stamped.At));
        insert.Bind(9, SqlTime.ToMicroseconds(stamped.RecordedAt));
        insert.Bind(10, entry.Properties);
        insert.Bind(11, stamped.Hash);
        insert.Bind(12, entry.Metrics);
        insert.Run();
    }

    // The one place where a key becomes part of the unique index: a second one would fail it, and with it the whole transaction.
    private static void CatchUp(SqliteConnection connection)
    {
        foreach (var sql in (ReadOnlySpan<string>)[
            $"insert into billing_usage_key (source_no, id, seq) select source_no, id, seq from {SqliteUsageTail.Rows} order by source_no, id",
            $"insert into billing_usage_customer (customer_id, at, seq) select customer_id, at, seq from {SqliteUsageTail.Rows} and customer_id is not null order by customer_id, at, seq",
            $"insert into billing_usage_time (tenant_id, at, seq) select (select tenant_id from billing_usage_source where no = source_no), at, seq from {SqliteUsageTail.Rows} order by 1, 2, 3",
            "update billing_usage_progress set indexed = max(indexed, (select coalesce(max(seq), 0) from billing_usage_event))"])
        {
            SqliteStatement.Of(connection, sql).Run();
        }
    }

    private void Keep(SqliteUsageKeys keys, List<(long Source, string Id)> added)
    {
        lock (_lock)
        {
            _tail.Keep(keys, added);
        }
    }
}
