using System.Data.Common;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>
/// Events in blocks, in one table that only grows at its end. Its indexes trail: what was appended since is entered in bulk and in order, because a page of an
/// index that is written for each single event costs many times the event itself. The keys of the tail are held in memory, and are read again from the
/// tail where another process wrote, or this one was started anew.
/// </summary>
internal sealed class SqliteUsageLog : IUsageLog
{
    /// <summary>How many events the indexes may be behind.</summary>
    private const int Trail = 65_536;

    private readonly Lock _lock = new();
    private readonly SqliteUsageTail _tail = new();
    private readonly SqliteUsageBlock _block = new();

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

            if (keys.Waiting + added.Keys.Count >= Trail)
            {
                SqliteUsageIndexes.CatchUp(connection, keys.Waiting + added.Keys.Count);
                return Task.FromResult<Action?>(null);
            }

            return Task.FromResult<Action?>(() => Keep(keys, added));
        }
    }

    public bool CommitsAtOnce => false;

    public Task<bool> TryCommitAsync(TenantId tenant, long usageLock, IReadOnlyList<UsageEntry> entries, Task<string> delta, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)transaction.Connection!;
        SqliteUsageIndexes.CatchUp(connection);
        var find = SqliteStatement.Of(connection, $"select seq from {EventRow.ByKey} where tenant_id = ?1 and source = ?2 and id = ?3");
        foreach (var entry in entries)
        {
            find.Bind(1, tenant.ToString());
            find.Bind(2, entry.Key.Source);
            find.Bind(3, entry.Key.Id);
            SqliteUsageAssignment.Write(connection, find.Find()!.Value, entry);
        }

        return Task.CompletedTask;
    }

    public Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition("select exists (select 1 from billing_usage_block where no > (select indexed from billing_usage_progress))", cancellationToken: cancellationToken));

    public Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        SqliteUsageIndexes.CatchUp((SqliteConnection)transaction.Connection!);
        return Task.CompletedTask;
    }

    public string Happened(string view, string first, string last) => $"e.at >= {first} and e.at < {last}";

    public Task<long?> FloorAsync(DbConnection connection, TenantId tenant, CustomerId? customer, long before, int skip, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    private SqliteUsageAppended Append(SqliteConnection connection, SqliteUsageKeys keys, TenantId tenant, IReadOnlyList<UsageEntry> entries)
    {
        var added = new SqliteUsageAppended(connection, _block, keys.Last, entries.Count);
        foreach (var (name, group) in BySource(entries))
        {
            var source = keys.Source(tenant, name);
            var indexed = keys.Indexed(source, group);
            foreach (var entry in group)
            {
                entry.Known = keys.HashOf(source, entry.Key.Id, indexed);
                if (entry.Known is null)
                {
                    added.Add(source, entry);
                }
            }
        }

        added.Write();
        return added;
    }

    // Nearly all deliveries are of one source.
    private static IEnumerable<(string Source, IEnumerable<UsageEntry> Entries)> BySource(IReadOnlyList<UsageEntry> entries) =>
        entries.Count == 0 || entries.All(entry => entry.Key.Source == entries[0].Key.Source)
            ? entries.Take(1).Select(first => (first.Key.Source, (IEnumerable<UsageEntry>)entries))
            : entries.GroupBy(entry => entry.Key.Source, StringComparer.Ordinal).Select(group => (group.Key, (IEnumerable<UsageEntry>)group));

    private void Keep(SqliteUsageKeys keys, SqliteUsageAppended added)
    {
        lock (_lock)
        {
            _tail.Keep(keys, added);
        }
    }
}
