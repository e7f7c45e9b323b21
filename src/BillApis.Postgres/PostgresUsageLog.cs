using System.Data.Common;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using Npgsql;

namespace BillApis.Postgres;

/// <summary>
/// Events in batches, a row for each that was delivered together, beside the unique index of all keys. A batch is written on the assumption that its keys are new,
/// which they nearly always are; where one is not, the index refuses all of it, and the work is done again after a look at what is there.
/// </summary>
internal sealed class PostgresUsageLog : IUsageLog
{
    // Who sends something twice mostly sends more of it: so many batches are looked up before they are written then.
    private const int Careful = 64;

    // As many as callers mostly send at once, and of neighbouring hours.
    private const int Restored = 1_000;

    private readonly PostgresDialect _dialect;
    private readonly bool _prepares;
    private readonly PostgresUsageSources _sources;
    private readonly PostgresUsageMonths _months;
    private int _careful;

    public PostgresUsageLog(PostgresDialect dialect) => (_dialect, _prepares, _sources, _months) = (dialect, dialect.KeepsSessions, new(dialect), new(dialect));

    /// <summary>Whether the same work again finds what was in its way this time.</summary>
    public static bool IsTransient(DbException exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "billing_usage_key_pkey" }
        or PostgresException { SqlState: PostgresErrorCodes.CheckViolation, TableName: "billing_usage_batch" or "billing_usage_slice" };

    public async Task<Action?> AppendAsync(DbTransaction transaction, bool isFirst, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var keys = await KeysAsync(tenant, entries, cancellationToken).ConfigureAwait(false);
        if (isFirst && Volatile.Read(ref _careful) <= 0)
        {
            keys.ForEach(key => key.Entry.Known = null);
            await InsertAsync(transaction, tenant, keys, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Interlocked.Decrement(ref _careful);
            await AppendBesideAsync((NpgsqlTransaction)transaction, tenant, keys, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    public bool CommitsAtOnce => Volatile.Read(ref _careful) <= 0;

    public async Task<bool> TryCommitAsync(TenantId tenant, long usageLock, IReadOnlyList<UsageEntry> entries, Task<UsageAdded> added, CancellationToken cancellationToken)
    {
        var keys = await KeysAsync(tenant, entries, cancellationToken).ConfigureAwait(false);
        using var batch = new PostgresUsageBatch(keys);
        await _months.OpenAsync(batch.Months.Select(month => month.Number), cancellationToken).ConfigureAwait(false);
        var connection = await _dialect.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                var guards = await _dialect.GuardsAsync(connection, cancellationToken).ConfigureAwait(false);
                await PostgresUsageSql.CommitAsync(connection, _prepares, guards, tenant, usageLock, keys, batch, (await added.ConfigureAwait(false)).Delta, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (PostgresException exception) when (PostgresUsageSql.IsBilledBeyond(exception) || _dialect.IsTransient(exception))
            {
                Volatile.Write(ref _careful, Careful);
                _months.Forget();
                return false;
            }
        }
    }

    public async Task AssignAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count > 0)
        {
            var keys = await KeysAsync(tenant, entries, cancellationToken).ConfigureAwait(false);
            await PostgresUsageSql.BlankAsync(transaction, keys, cancellationToken).ConfigureAwait(false);
            await WriteAsync(transaction, tenant, keys, PostgresUsageSql.MoveKeys, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes events anew whose batches were archived, under the keys that they have; false where one has none, or is there.</summary>
    public async Task<bool> RestoreAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var lot in entries.Chunk(Restored))
        {
            var keys = await KeysAsync(tenant, lot, cancellationToken).ConfigureAwait(false);
            if (await PostgresUsageSql.CountArchivedAsync(transaction, keys, cancellationToken).ConfigureAwait(false) < keys.Count)
            {
                return false;
            }

            await WriteAsync(transaction, tenant, keys, PostgresUsageSql.MoveKeys, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    public Task<bool> IsBehindAsync(DbConnection connection, CancellationToken cancellationToken) => Task.FromResult(false);

    public Task CatchUpAsync(DbTransaction transaction, CancellationToken cancellationToken) => Task.CompletedTask;

    public string Keyed(string source, string id) => $"lateral (select * from billing_usage_by_key as k where k.tenant_id = @Tenant and k.source = {source} and k.id = {id}) as e";

    public string IsKnown(string source, string id) => $"exists (select 1 from billing_usage_source as s join billing_usage_key as k on k.source_no = s.no where s.tenant_id = @Tenant and s.source = {source} and k.id = {id})";

    public string Happened(string view, string first, string last) => view switch
    {
        EventRow.ByCustomer => $"e.at >= {first} and e.at < {last} and e.hour >= {first} / 3600000000 and e.hour <= {last} / 3600000000",
        _ => $"e.at >= {first} and e.at < {last} and e.last_at >= {first} and e.first_at < {last}",
    };

    public Task<long?> FloorAsync(DbConnection connection, TenantId tenant, CustomerId? customer, long before, int skip, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            customer is null
                ? "select last_at from billing_usage_batch where tenant_id = @Tenant and first_at < @before order by last_at desc offset @skip limit 1"
                : "select hour * 3600000000 from billing_usage_slice where customer_id = @Customer and hour <= @before / 3600000000 order by hour desc offset @skip limit 1",
            new { Tenant = tenant.ToString(), Customer = customer?.ToString(), before, skip },
            cancellationToken: cancellationToken));

    // One order for all writers: whoever holds a key never waits for one that comes before it.
    private async Task<List<PostgresUsageKey>> KeysAsync(TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        var sources = await _sources.FindAsync(tenant, entries, cancellationToken).ConfigureAwait(false);
        var (keys, isSorted) = (new List<PostgresUsageKey>(entries.Count), true);
        for (var i = 0; i < sources.Length; i++)
        {
            keys.Add(new PostgresUsageKey(sources[i], entries[i]));
            isSorted = isSorted && (i == 0 || keys[i - 1].CompareTo(keys[i]) <= 0);
        }

        if (!isSorted)
        {
            keys.Sort();
        }

        return keys;
    }

    // Each time that the index refuses a key, somebody has stored it meanwhile: the next look finds it, and loses nothing of what else the transaction did.
    private async Task AppendBesideAsync(NpgsqlTransaction transaction, TenantId tenant, List<PostgresUsageKey> keys, CancellationToken cancellationToken)
    {
        const string before = "billing_usage";
        for (var found = -1; ;)
        {
            var hashes = await PostgresUsageSql.HashesAsync(transaction, keys, cancellationToken).ConfigureAwait(false);
            keys.ForEach(key => key.Entry.Known = hashes.GetValueOrDefault((key.Source, key.Entry.Item.Event.Id)));
            await transaction.SaveAsync(before, cancellationToken).ConfigureAwait(false);
            try
            {
                await InsertAsync(transaction, tenant, keys.FindAll(key => key.Entry.Known is null), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (PostgresException exception) when (IsTransient(exception) && (hashes.Count > found || exception.SqlState == PostgresErrorCodes.CheckViolation))
            {
                await transaction.RollbackAsync(before, cancellationToken).ConfigureAwait(false);
                found = hashes.Count;
            }
        }
    }

    private async Task InsertAsync(DbTransaction transaction, TenantId tenant, List<PostgresUsageKey> keys, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(transaction, tenant, keys, PostgresUsageSql.AddKeys, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (IsTransient(exception))
        {
            Volatile.Write(ref _careful, Careful);
            throw;
        }
    }

    private async Task WriteAsync(DbTransaction transaction, TenantId tenant, List<PostgresUsageKey> keys, string sql, CancellationToken cancellationToken)
    {
        if (keys.Count > 0)
        {
            using var batch = new PostgresUsageBatch(keys);
            await _months.OpenAsync(batch.Months.Select(month => month.Number), cancellationToken).ConfigureAwait(false);
            try
            {
                await PostgresUsageSql.WriteAsync(transaction, tenant, keys, batch, sql, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CheckViolation)
            {
                // Another process took the parts of a month away.
                _months.Forget();
                throw;
            }
        }
    }
}

/// <summary>An event and the number of its source, in the order that keys have.</summary>
internal readonly record struct PostgresUsageKey(int Source, UsageEntry Entry) : IComparable<PostgresUsageKey>
{
    public int CompareTo(PostgresUsageKey other) =>
        Source != other.Source ? Source.CompareTo(other.Source) : string.CompareOrdinal(Entry.Item.Event.Id, other.Entry.Item.Event.Id);
}
