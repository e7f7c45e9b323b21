using System.Data.Common;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads events with what counts in their place, within a transaction whose indexes have caught up.</summary>
internal sealed class EventStates(SqlDialect dialect, DbTransaction transaction, TenantId tenant)
{
    /// <summary>The events of these keys that are there.</summary>
    public async Task<IReadOnlyDictionary<(string Source, string Id), EventState>> OfKeysAsync(IEnumerable<(string Source, string Id)> keys, CancellationToken cancellationToken)
    {
        var rows = keys.Select(Row).ToList();
        if (rows.Count == 0)
        {
            return new Dictionary<(string, string), EventState>();
        }

        var sent = await transaction.BulkReadAsync<SentRow>(Sent(), tenant, rows, cancellationToken).ConfigureAwait(false);
        var last = (await transaction.BulkReadAsync<CorrectionRow>(Last(), tenant, rows, cancellationToken).ConfigureAwait(false)).ToDictionary(row => (row.Source, row.Id));
        return sent.ToDictionary(row => (row.Source, row.Id), row => last.TryGetValue((row.Source, row.Id), out var correction)
            ? new EventState(row.Source, row.Id, row.Read(), correction.Content, correction.Sequence) { IsOrphan = row.Orphan > 0 }
            : new EventState(row.Source, row.Id, row.Read(), row.Read(), 0) { IsOrphan = row.Orphan > 0 });
    }

    /// <summary>What counted in the place of events right before one of their corrections.</summary>
    public async Task<IReadOnlyDictionary<(string Source, string Id), StoredEvent?>> BeforeAsync(IReadOnlyList<(EventState State, long Sequence)> corrections, CancellationToken cancellationToken)
    {
        var rows = corrections.Where(item => item.Sequence > 1).Select(item => new { source = item.State.Source, id = item.State.Id, sequence = item.Sequence - 1 }).ToList();
        var earlier = rows.Count == 0 ? [] : (await transaction.BulkReadAsync<CorrectionRow>(At(), tenant, rows, cancellationToken).ConfigureAwait(false)).ToDictionary(row => (row.Source, row.Id));
        return corrections.ToDictionary(item => item.State.Key, item => item.Sequence > 1 ? earlier[item.State.Key].Content : item.State.Sent);
    }

    /// <summary>What counts in the place of these events, of which something does.</summary>
    public async Task<IReadOnlyList<EventState>> NetAsync(IReadOnlyCollection<(string Source, string Id)> keys, CancellationToken cancellationToken)
    {
        var last = await transaction.BulkReadAsync<CorrectionRow>(Last(), tenant, keys.Select(Row), cancellationToken).ConfigureAwait(false);
        var sent = await transaction.BulkReadAsync<SentRow>(Sent(), tenant, keys.Except(last.Select(row => (row.Source, row.Id))).Select(Row), cancellationToken).ConfigureAwait(false);
        return [.. sent.Select(row => new EventState(row.Source, row.Id, row.Read(), row.Read(), 0)), .. last.Select(row => new EventState(row.Source, row.Id, null, row.Content, row.Sequence))];
    }

    /// <summary>Remembers a correction to come for each event that counts where a backfill replaces and that it does not hold itself, in one pass over its timeframe.</summary>
    /// <returns>How many there are; more than the limit are not remembered.</returns>
    public async Task<int> MarkAsync(UsageBackfill backfill, int limit, CancellationToken cancellationToken)
    {
        var marked = 0;
        foreach (var select in new[] { InScope(backfill), AmendedInScope(backfill) })
        {
            marked += await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                $"insert into billing_usage_backfill_correction (tenant_id, backfill_id, source, id, sequence) {select} limit {limit + 1 - marked}",
                BackfillScope.Parameters(tenant, backfill), transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        }

        return marked;
    }

    private string Sent() =>
        $"""
        select {EventRow.Columns}, cast(case when {BackfillScope.OrphanOf("e", UsageOrphans.Open("o"))} then 1 else 0 end as bigint) as Orphan
        from {dialect.Rows("Rows", "source text", "id text")} as r
        cross join {dialect.UsageLog.Keyed("r.source", "r.id")}
        where e.tenant_id = @Tenant
        """;

    private string Last() =>
        $"""
        select {CorrectionRow.Columns}
        from {dialect.Rows("Rows", "source text", "id text")} as r
        cross join billing_usage_correction as c
        where c.tenant_id = @Tenant and c.source = r.source and c.id = r.id and {NetEvents.IsLast()}
        """;

    private string At() =>
        $"""
        select {CorrectionRow.Columns}
        from {dialect.Rows("Rows", "source text", "id text", "sequence bigint")} as r
        cross join billing_usage_correction as c
        where c.tenant_id = @Tenant and c.source = r.source and c.id = r.id and c.sequence = r.sequence
        """;

    private static object Row((string Source, string Id) key) => new { source = key.Source, id = key.Id };

    // An event that was never anybody's counts for nobody, and is not superseded.
    private string InScope(UsageBackfill backfill) =>
        $"""
        select @Tenant, @Backfill, e.source, e.id, 1 from {BackfillScope.Events(backfill)} as e
        where e.tenant_id = @Tenant and {dialect.UsageLog.Happened(BackfillScope.Events(backfill), "@From", "@To")} and {BackfillScope.Holds(backfill, "e")} and {BackfillScope.IsOther("e")}
          and {NetEvents.NeverCorrected()}
          and not {BackfillScope.OrphanOf("e", "o.recovered_at is null")}
        """;

    private static string AmendedInScope(UsageBackfill backfill) =>
        $"""
        select @Tenant, @Backfill, c.source, c.id, c.sequence + 1 from billing_usage_correction as c
        where c.tenant_id = @Tenant and c.type is not null and {BackfillScope.Holds(backfill, "c")} and {BackfillScope.IsOther("c")} and {NetEvents.IsLast()}
        """;

    private sealed record SentRow : EventRow
    {
        public required long Orphan { get; init; }
    }
}
