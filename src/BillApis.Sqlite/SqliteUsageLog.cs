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
    private readonly SqliteKeyFilters _filters = new();

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
                SqliteUsageIndexes.CatchUp(connection, _filters);
                return Task.FromResult<Action?>(null);
            }

            return Task.FromResult<Action?>(() => Keep(keys, added));
        }
    }

    public bool CommitsAtOnce => false;

    public Task<bool> TryCommitAsync(TenantId tenant, long usageLock, IReadOnlyList<UsageEntry> entries, Task<UsageAdded> added, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var connection = (SqliteConnection)transaction.Connection!;
        CatchUp(connection);
        var lookup = new SqliteKeyLookup(connection.Handle!, tenant.ToString());
        SqliteUsageAssignment.Write(connection, [.. entries.Select(entry => (lookup.Find(entry.Key.Source, entry.Key.Id)!.Value, entry))]);
        return Task.CompletedTask;
    }

    public Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult(SqliteStatement.Of((SqliteConnection)HeldConnection.Unwrap(connection), "select exists (select 1 from billing_usage_block where no > (select indexed from billing_usage_progress))").Find() == 1);

    public Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        CatchUp((SqliteConnection)transaction.Connection!);
        return Task.CompletedTask;
    }

    public string Happened(string view, string first, string last) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"e.at >= {first} and e.at < {last} and e.last_at >= {first} and e.last_at < {last} + {UsageBucket.HourMicroseconds} and e.first_at < {last}");

    public string Keyed(string source, string id) =>
        $"json_each(billing_event_number(@Tenant, {source}, {id})) as k cross join billing_usage_by_number as e on e.block = k.value / {SqliteUsageBlock.Most} and e.place = k.value % {SqliteUsageBlock.Most}";

    public string IsKnown(string source, string id) => $"billing_event_number(@Tenant, {source}, {id}) is not null";

    public async Task<long?> FloorAsync(DbConnection connection, TenantId tenant, CustomerId? customer, long before, int skip, CancellationToken cancellationToken)
    {
        var reader = await connection.ExecuteReaderAsync(new CommandDefinition(
            "select first_at, length(events) from billing_usage_slice where owner = @Owner and last_at < @Last and first_at < @before order by last_at desc",
            new { Owner = customer?.ToString() ?? tenant.ToString(), Last = Math.Min(before, long.MaxValue - UsageBucket.HourMicroseconds) + UsageBucket.HourMicroseconds, before },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            for (var floor = long.MaxValue; await reader.ReadAsync(cancellationToken).ConfigureAwait(false);)
            {
                (floor, skip) = (Math.Min(floor, reader.GetInt64(0)), skip - SqliteUsageSlice.CountOf(reader.GetInt32(1)));
                if (skip <= 0)
                {
                    return floor;
                }
            }
        }

        return null;
    }

    private void CatchUp(SqliteConnection connection)
    {
        lock (_lock)
        {
            SqliteUsageIndexes.CatchUp(connection, _filters);
        }
    }

    private SqliteUsageAppended Append(SqliteConnection connection, SqliteUsageKeys keys, TenantId tenant, IReadOnlyList<UsageEntry> entries)
    {
        var (added, runs) = (new SqliteUsageAppended(connection, _block, keys.Last, entries.Count), new SqliteKeyRuns(connection.Handle!, _filters, entries.Count));
        foreach (var (name, group) in BySource(entries))
        {
            var source = keys.Source(tenant, name);
            foreach (var entry in group)
            {
                var hash = SqliteKeyHash.Of(source, entry.Key.Id);
                entry.Known = keys.HashOf(runs, source, entry.Key.Id, hash);
                if (entry.Known is null)
                {
                    added.Add(source, entry, hash);
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
