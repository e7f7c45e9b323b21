using System.Data.Common;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Applies or reverts one backfill within one transaction, in bounded batches: what it corrects is counted anew before what it adds is counted.</summary>
internal sealed class BackfillRun(SqlDialect dialect, UsageIntake intake, UsageDeltas deltas, DbTransaction transaction, UsageBackfill backfill, BackfillWork work)
{
    private const int BatchSize = 2_000;
    private readonly TenantId _tenant = backfill.Tenant;
    private readonly EventStates _states = new(dialect, transaction, backfill.Tenant);
    private readonly BackfillWrites _writes = new(dialect, transaction, backfill, work);
    private readonly HashSet<(string Source, string Id)> _known = [];
    private long _added;
    private long _amended;
    private long _superseded;
    private long _unchanged;

    /// <summary>Whose usage of which metric it changed.</summary>
    public IReadOnlyCollection<(CustomerId Customer, MetricId Metric)> Usage => _writes.Usage;

    /// <summary>Keeps every other writer of usage out until the transaction ends, and lets what trails catch up.</summary>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        await UsageLock.HoldAsync(dialect, transaction, _tenant, cancellationToken).ConfigureAwait(false);
        await ArchivedUsage.RefuseAsync(transaction.Connection!, transaction, _tenant, [backfill.Period], cancellationToken).ConfigureAwait(false);
        await deltas.MergeAsync(transaction, _tenant, cancellationToken).ConfigureAwait(false);
        await dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="BillingException">It cannot be applied; the transaction is to be undone.</exception>
    public async Task<BackfillEffect> ApplyAsync(CancellationToken cancellationToken)
    {
        if (backfill.ReplaceExisting)
        {
            await RefuseLateOrphansAsync(cancellationToken).ConfigureAwait(false);
            await SupersedeAsync(cancellationToken).ConfigureAwait(false);
            await AmendAsync(cancellationToken).ConfigureAwait(false);
            await _writes.RecountAsync(cancellationToken).ConfigureAwait(false);
        }

        await AddAsync(cancellationToken).ConfigureAwait(false);
        await deltas.MergeAsync(transaction, _tenant, cancellationToken).ConfigureAwait(false);
        await dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
        return new BackfillEffect(_added, _amended, _superseded, _unchanged);
    }

    public async Task RevertAsync(CancellationToken cancellationToken)
    {
        for (Key? after = null; await CorrectedAsync(after, cancellationToken).ConfigureAwait(false) is [.., var last] rows; after = last)
        {
            var states = await _states.OfKeysAsync(rows.Select(row => (row.Source, row.Id)), cancellationToken).ConfigureAwait(false);
            var corrections = rows.Select(row => (State: states[(row.Source, row.Id)], row.Sequence)).ToList();
            var before = await _states.BeforeAsync(corrections, cancellationToken).ConfigureAwait(false);
            await _writes.CorrectAsync([.. corrections.Select(item => (item.State, Content: before[item.State.Key])).Where(change => change.State.Net is not null || change.Content is not null)], cancellationToken).ConfigureAwait(false);
        }

        for (Key? after = null; await AddedAsync(after, cancellationToken).ConfigureAwait(false) is [.., var last] rows; after = last)
        {
            var states = await _states.OfKeysAsync(rows.Select(row => (row.Source, row.Id)), cancellationToken).ConfigureAwait(false);
            await _writes.CorrectAsync([.. states.Values.Where(state => state.Net is not null).Select(state => (state, (StoredEvent?)null))], cancellationToken).ConfigureAwait(false);
            await transaction.BulkAsync(CloseOrphans(), _tenant, rows.Select(row => new { source = row.Source, id = row.Id, at = work.At.ToMicroseconds() }), cancellationToken).ConfigureAwait(false);
        }

        await ExecuteAsync("update billing_usage_orphan set discarded_at = null, discard_reason = null where tenant_id = @Tenant and discard_reason = @Reason", cancellationToken).ConfigureAwait(false);
        await _writes.RecountAsync(cancellationToken).ConfigureAwait(false);
    }

    // Parts of events that came late are none's: whether they are to be billed must be decided before they are replaced.
    private async Task RefuseLateOrphansAsync(CancellationToken cancellationToken)
    {
        var late = await transaction.Connection!.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            $"""
            select e.id from billing_usage_orphan as o cross join {dialect.UsageLog.Keyed("o.source", "o.id")}
            where o.tenant_id = @Tenant and o.metric_id <> '' and {UsageOrphans.Open("o")} and e.tenant_id = @Tenant and {BackfillScope.Holds(backfill, "e")}
            limit 1
            """,
            BackfillScope.Parameters(_tenant, backfill),
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        _ = late is null ? 0 : throw new BillingException(BillingErrorCode.Conflict, $"The event '{late}' of the timeframe came late and is kept as an orphan; recover or discard it before it is replaced.");
    }

    private async Task SupersedeAsync(CancellationToken cancellationToken)
    {
        _superseded = await _states.MarkAsync(backfill, Limits.EventsPerBackfill, cancellationToken).ConfigureAwait(false);
        if (_superseded > Limits.EventsPerBackfill)
        {
            throw new BillingException(BillingErrorCode.TooLarge, $"A backfill supersedes at most {Limits.EventsPerBackfill} events, and there are more in its timeframe; open one for a part of it.");
        }

        for (Key? after = null; await CorrectedAsync(after, cancellationToken).ConfigureAwait(false) is [.., var last] rows; after = last)
        {
            var found = await _states.NetAsync([.. rows.Select(row => (row.Source, row.Id))], cancellationToken).ConfigureAwait(false);
            await _writes.CorrectAsync([.. found.Select(state => (state, (StoredEvent?)null))], cancellationToken).ConfigureAwait(false);
        }

        await ExecuteAsync(
            $"""
            update billing_usage_orphan set discarded_at = {work.At.ToMicroseconds()}, discard_reason = @Reason
            where tenant_id = @Tenant and metric_id = '' and {UsageOrphans.Open("billing_usage_orphan")}
              and exists (select 1 from {dialect.UsageLog.Keyed("billing_usage_orphan.source", "billing_usage_orphan.id")} where e.tenant_id = @Tenant and {BackfillScope.Holds(backfill, "e")} and {BackfillScope.IsOther("e")})
            """,
            cancellationToken).ConfigureAwait(false);
    }

    // What the backfill holds of events that are there: they count as it says.
    private async Task AmendAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in work.Held.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var states = await _states.OfKeysAsync(batch.Select(item => (item.Event.Source, item.Event.Id)), cancellationToken).ConfigureAwait(false);
            var changes = new List<(EventState, StoredEvent?)>();
            foreach (var item in batch)
            {
                if (!states.TryGetValue((item.Event.Source, item.Event.Id), out var state))
                {
                    continue;
                }

                _known.Add(state.Key);
                if (Decide(state, item) is BackfillMove.Amend)
                {
                    changes.Add((state, new StoredEvent(item.Event with { Timestamp = item.At }, state.ArrivedAt, item.Customer, [.. item.Contributions.Select(part => part.Metric.Id)])));
                }
            }

            (_amended, _unchanged) = (_amended + changes.Count, _unchanged + states.Count - changes.Count);
            await _writes.CorrectAsync(changes, cancellationToken).ConfigureAwait(false);
            await _writes.RememberAsync(changes, cancellationToken).ConfigureAwait(false);
        }
    }

    private BackfillMove Decide(EventState state, StampedEvent item) => BackfillMoves.Of(backfill, state, item) is var move and not BackfillMove.Refuse ? move : throw Taken(item);

    private async Task AddAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in work.Held.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var delivery = new UsageDelivery(_tenant, [.. batch.Where(item => !_known.Contains((item.Event.Source, item.Event.Id)))]);
            if (delivery.Entries.Count == 0)
            {
                continue;
            }

            await intake.AppendAsync(transaction, false, _tenant, [delivery], cancellationToken).ConfigureAwait(false);
            var added = new List<object>();
            foreach (var (entry, result) in delivery.Entries.Zip(delivery.Results))
            {
                if (result.Outcome is AppendOutcome.Conflict)
                {
                    throw Taken(entry.Item);
                }

                if (result.Outcome is AppendOutcome.Accepted)
                {
                    added.Add(new { source = entry.Key.Source, id = entry.Key.Id, backfill_id = backfill.Id });
                    _writes.Usage.UnionWith(entry.Item.Contributions.Select(part => (entry.Item.Customer!.Value, part.Metric.Id)));
                }
            }

            (_added, _unchanged) = (_added + added.Count, _unchanged + delivery.Entries.Count - added.Count);
            await transaction.BulkAsync(MarkAdded(), _tenant, added, cancellationToken).ConfigureAwait(false);
            await dialect.UsageLog.CatchUpAsync(transaction, cancellationToken).ConfigureAwait(false);
        }
    }

    private static BillingException Taken(StampedEvent item) =>
        new(BillingErrorCode.Conflict, $"The source '{item.Event.Source}' sent another event under the id '{item.Event.Id}', and the backfill does not replace it; nothing was applied.");

    private Task<List<Key>> CorrectedAsync(Key? after, CancellationToken cancellationToken) =>
        KeysAsync("select source as Source, id as Id, sequence as Sequence from billing_usage_backfill_correction where tenant_id = @Tenant and backfill_id = @Backfill", after, cancellationToken);

    private Task<List<Key>> AddedAsync(Key? after, CancellationToken cancellationToken) =>
        KeysAsync("select source as Source, id as Id, added as Sequence from billing_usage_backfill_event where tenant_id = @Tenant and backfill_id = @Backfill and added = 1", after, cancellationToken);

    private async Task<List<Key>> KeysAsync(string sql, Key? after, CancellationToken cancellationToken) =>
        (await transaction.Connection!.QueryAsync<Key>(new CommandDefinition(
            $"{sql}{(after is null ? "" : " and (source, id) > (@Source, @Id)")} order by source, id limit {BatchSize}",
            new { Tenant = _tenant.ToString(), Backfill = backfill.Id.ToString(), after?.Source, after?.Id },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

    private Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, BackfillScope.Parameters(_tenant, backfill), transaction, cancellationToken: cancellationToken));

    private string MarkAdded() =>
        $"""
        update billing_usage_backfill_event set added = 1
        from {dialect.Rows("Rows", "source text", "id text", "backfill_id text")} as r
        where billing_usage_backfill_event.tenant_id = @Tenant and billing_usage_backfill_event.backfill_id = r.backfill_id
          and billing_usage_backfill_event.source = r.source and billing_usage_backfill_event.id = r.id
        """;

    private string CloseOrphans() =>
        $"""
        update billing_usage_orphan set recovered_at = r.at
        from {dialect.Rows("Rows", "source text", "id text", "at bigint")} as r
        where billing_usage_orphan.tenant_id = @Tenant and billing_usage_orphan.source = r.source and billing_usage_orphan.id = r.id and {UsageOrphans.Open("billing_usage_orphan")}
        """;

    private sealed record Key
    {
        public required string Source { get; init; }
        public required string Id { get; init; }
        public required long Sequence { get; init; }
    }
}
