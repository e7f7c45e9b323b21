using System.Collections.Concurrent;
using System.Data.Common;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>
/// Moves the totals: each batch leaves what it adds as one row beside its events, and many of those are merged into the totals at once, or as soon as somebody reads.
/// What many batches move is written once then, and batches that run beside each other never wait for each other's totals.
/// </summary>
internal sealed class UsageDeltas(SqlDatabase database)
{
    private const int BatchesPerMerge = 512;
    private const int Pile = 64;
    private const int TotalsPerMerge = 16_384;
    private const int MostPerMerge = 512;
    private const int MostKept = 2 * TotalsPerMerge;
    private readonly ConcurrentDictionary<TenantId, Written> _written = [];

    // Its lists are large: one is kept for the next merge.
    private UsageMerge? _spare;

    /// <summary>Writes what a batch adds, the rows' <c>totals</c>.</summary>
    public static string Insert(string rows) => $"insert into billing_usage_delta (tenant_id, totals) select @Tenant, r.totals from {rows} as r";

    /// <summary>Writes what a batch adds.</summary>
    public static Task AddAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, UsageAdded added, CancellationToken cancellationToken)
    {
        if (added.Totals == 0)
        {
            return Task.CompletedTask;
        }

        var rows = new SqlRows("totals text");
        rows.Add(SqlValue.OfUtf8(added.Delta));
        return dialect.WriteAsync(transaction, tenant, rows, Insert, cancellationToken);
    }

    /// <summary>Merges what batches added, once it is much; called after each, so that there is never much to merge for who reads.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="totals">How many totals the batch moves.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public async Task CommittedAsync(TenantId tenant, int totals, CancellationToken cancellationToken)
    {
        var written = _written.AddOrUpdate(tenant, static (_, more) => new Written(1, more), static (_, known, more) => known.IsMuch ? new Written(1, more) : new Written(known.Batches + 1, known.Totals + more), totals);
        if (written.IsMuch)
        {
            await MergeAsync(tenant, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Merges what batches added until now, where there is anything; the totals hold every batch then that was committed before the call.</summary>
    public async Task CatchUpAsync(DbConnection connection, TenantId tenant, CancellationToken cancellationToken)
    {
        var behind = await database.Dialect.QueryAsync(
            connection, "select 1 from billing_usage_delta where tenant_id = @Tenant limit 1", [("Tenant", tenant.ToString())], row => row.Number(0), cancellationToken).ConfigureAwait(false);
        if (behind.Count > 0)
        {
            await MergeAsync(tenant, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Merges what piles up where nobody reads and nobody commits through <see cref="CommittedAsync"/>, as behind an application that records in transactions of its own.</summary>
    public async Task MergePiledAsync(CancellationToken cancellationToken)
    {
        for (var after = ""; await PiledAsync(after, cancellationToken).ConfigureAwait(false) is { } tenant; after = tenant)
        {
            await MergeAsync(EntityId.Parse<TenantId>(tenant), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> PiledAsync(string after, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        while (await connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            "select tenant_id from billing_usage_delta where tenant_id > @After order by tenant_id limit 1", new { After = after }, cancellationToken: cancellationToken)).ConfigureAwait(false) is { } tenant)
        {
            if (await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
                $"select 1 from billing_usage_delta where tenant_id = @Tenant order by seq limit 1 offset {Pile - 1}", new { Tenant = tenant }, cancellationToken: cancellationToken)).ConfigureAwait(false) is not null)
            {
                return tenant;
            }

            after = tenant;
        }

        return null;
    }

    /// <summary>Merges within a transaction.</summary>
    public async Task MergeAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        while (await MergeSomeAsync(transaction, tenant, cancellationToken).ConfigureAwait(false))
        {
        }
    }

    private async Task MergeAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        while (await database.TidyAsync(tenant, transaction => MergeSomeAsync(transaction, tenant, cancellationToken), cancellationToken).ConfigureAwait(false))
        {
        }
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> MergeSomeAsync(DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        await UsageLock.HoldTotalsAsync(database.Dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
        var merge = Interlocked.Exchange(ref _spare, null) ?? new UsageMerge();
        var batches = await database.Dialect.QueryAsync(
            transaction.Connection!,
            $"""
            delete from billing_usage_delta
            where tenant_id = @Tenant and seq in (select seq from billing_usage_delta where tenant_id = @Tenant order by seq limit {MostPerMerge})
            returning totals
            """,
            [("Tenant", tenant.ToString())],
            row => Add(merge, row.Utf8(0)),
            cancellationToken).ConfigureAwait(false);
        await merge.StoreAsync(database.Dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
        merge.Clear();
        _spare = merge.Capacity <= MostKept ? merge : null;
        return batches.Count == MostPerMerge;
    }

    private static bool Add(UsageMerge merge, ReadOnlySpan<byte> delta)
    {
        if (UsageDeltaText.Is(delta))
        {
            UsageDeltaText.AddTo(merge, delta);
        }
        else
        {
            UsageDelta.AddTo(merge, delta);
        }

        return true;
    }

    private sealed record Written(int Batches, int Totals)
    {
        public bool IsMuch => Batches >= BatchesPerMerge || Totals >= TotalsPerMerge;
    }
}
