using System.Data.Common;
using BillApis.Metering;
using BillApis.Storage;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Stores events and moves the totals in one transaction; closes periods against it.</summary>
/// <remarks>
/// Writers of usage share a lock of their tenant that closing takes alone, so that each event is either stored before the
/// closing returns or sees the closed period. They never wait in a circle: each kind of row that they share is written in one order,
/// and totals are moved only by who holds them alone, by <see cref="UsageLock.HoldTotalsAsync"/>: merges, corrections, backfills and rebuilds.
/// </remarks>
internal sealed class UsageIntake : IDisposable
{
    private const int WorthTwoCores = 128;
    private readonly SqlDatabase _database;
    private readonly UsageDeltas _deltas;
    private readonly SqlDialect _dialect;
    private readonly GroupCommit<UsageDelivery> _commits;

    public UsageIntake(SqlDatabase database, UsageDeltas deltas)
    {
        (_database, _dialect, _deltas) = (database, database.Dialect, deltas);
        _commits = new GroupCommit<UsageDelivery>(CommitAsync, delivery => delivery.Entries.Count, Limits.EventsPerBatch, _dialect.UsageWriters);
    }

    public async Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
    {
        var delivery = new UsageDelivery(tenant, events);
        if (AnsweredWork.Current is not null)
        {
            await _database.WriteAsync(tenant, transaction => AppendAsync(transaction, false, tenant, [delivery], cancellationToken), cancellationToken).ConfigureAwait(false);
            return delivery.Results;
        }

        await _commits.WriteAsync(delivery, cancellationToken).ConfigureAwait(false);
        return delivery.Results;
    }

    /// <summary>Stores events together with what else a caller's own transaction does.</summary>
    public async Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, DbTransaction transaction, CancellationToken cancellationToken)
    {
        using var adopted = _dialect.Adopt(transaction);
        await _dialect.EnterAsync(transaction, tenant, cancellationToken).ConfigureAwait(false);
        var delivery = new UsageDelivery(tenant, events);
        await AppendAsync(transaction, false, tenant, [delivery], cancellationToken).ConfigureAwait(false);
        return delivery.Results;
    }

    public Task<int> RecoverAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            tenant,
            async transaction =>
            {
                var whole = new UsageDelivery(tenant, [.. events.Where(item => item.Orphan is null)]).Entries;
                var gates = await OpenAsync(transaction, tenant, whole, cancellationToken).ConfigureAwait(false);
                var batch = new UsageBatch(whole, gates);
                var claimed = (await transaction.BulkReadAsync<EventKey>(Claim(), tenant, batch.Entries.Select(Claimed), cancellationToken).ConfigureAwait(false))
                    .Select(row => (row.Source, row.Id)).ToHashSet();
                var entries = batch.Entries.Where(entry => claimed.Contains(entry.Key)).ToList();
                await _dialect.UsageLog.AssignAsync(transaction, tenant, entries, cancellationToken).ConfigureAwait(false);
                await CountAsync(transaction, tenant, entries, gates, UsageAdded.Of(entries), cancellationToken).ConfigureAwait(false);
                return entries.Count(entry => entry.Open.Length > 0);
            },
            cancellationToken);

    public Task<int> RecoverLateAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            tenant,
            async transaction =>
            {
                var whole = new UsageBatch(new UsageDelivery(tenant, events).Entries, UsageGates.None).Entries;
                var gates = await OpenAsync(transaction, tenant, whole, cancellationToken).ConfigureAwait(false);
                var claimed = (await transaction.BulkReadAsync<LatePart>(ClaimLate(), tenant, whole.SelectMany(LateParts), cancellationToken).ConfigureAwait(false)).ToLookup(part => (part.Source, part.Id), part => part.MetricId);
                var parts = whole.Select(entry => entry.Item with { Contributions = [.. entry.Open.Where(part => claimed[entry.Key].Contains(part.Metric.Id.ToString()))] }).Where(item => !item.Contributions.IsEmpty).ToList();
                await _dialect.UsageLog.AssignAsync(transaction, tenant, [.. whole.Where(entry => claimed.Contains(entry.Key))], cancellationToken).ConfigureAwait(false);
                var counted = new UsageBatch(new UsageDelivery(tenant, parts).Entries, gates).Entries;
                await CountAsync(transaction, tenant, counted, gates, UsageAdded.Of(counted), cancellationToken).ConfigureAwait(false);
                return parts.Count;
            },
            cancellationToken);

    public Task ClosePeriodsAsync(TenantId tenant, IReadOnlyList<ClosedPeriod> periods, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("customer_id text", "metric_id text", "subscription_id text", "closed_until bigint");
        var ids = new SpelledIds();
        foreach (var group in periods.GroupBy(period => (period.Customer, period.Metric, period.Subscription)))
        {
            rows.Add(ids.Of(group.Key.Customer), ids.Of(group.Key.Metric), ids.Of(group.Key.Subscription), group.Max(period => period.Until).ToMicroseconds());
        }

        var last = new SqlRows("closed_until bigint");
        last.Add(periods.Max(period => period.Until).ToMicroseconds());
        return _database.WriteAsync(
            tenant,
            async transaction =>
            {
                await UsageLock.HoldAsync(_dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
                await _dialect.WriteAsync(transaction, tenant, rows, Close, cancellationToken).ConfigureAwait(false);
                await _dialect.WriteAsync(transaction, tenant, last, CloseLast, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
    }

    public void Dispose() => _commits.Dispose();

    private async Task CommitAsync(IReadOnlyList<UsageDelivery> deliveries)
    {
        foreach (var each in await CommitAtOnceAsync(deliveries).ConfigureAwait(false) ?? await CommitInStepsAsync(deliveries).ConfigureAwait(false))
        {
            each.Committed?.Invoke();
            await _deltas.CommittedAsync(each.Tenant, each.Totals, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <returns>Null where it has to be done in steps.</returns>
    private async Task<List<Appended>?> CommitAtOnceAsync(IReadOnlyList<UsageDelivery> deliveries)
    {
        var tenant = deliveries[0].Tenant;
        if (!_dialect.UsageLog.CommitsAtOnce || deliveries.Any(delivery => delivery.Tenant != tenant))
        {
            return null;
        }

        var batch = new UsageBatch(UsageDelivery.AllOf(deliveries), UsageGates.None);
        if (batch.Entries.Exists(entry => entry.Orphan is not null))
        {
            return null;
        }

        batch.Entries.ForEach(entry => entry.Known = null);
        var added = batch.Entries.Count < WorthTwoCores ? Task.FromResult(UsageAdded.Of(batch.Entries)) : Task.Run(() => UsageAdded.Of(batch.Entries), CancellationToken.None);
        if (!await _database.RefusingAsync(() => _dialect.UsageLog.TryCommitAsync(tenant, UsageLock.Of(tenant), batch.Entries, added, CancellationToken.None)).ConfigureAwait(false))
        {
            return null;
        }

        UsageDelivery.Answer(deliveries, batch);
        return [new Appended(tenant, null, (await added.ConfigureAwait(false)).Totals)];
    }

    private Task<List<Appended>> CommitInStepsAsync(IReadOnlyList<UsageDelivery> deliveries) => _database.WriteAsync(
        deliveries[0].Tenant,
        async transaction =>
        {
            var appended = new List<Appended>();

            // One order of tenants for all writers.
            foreach (var group in deliveries.GroupBy(delivery => delivery.Tenant).OrderBy(group => group.Key.Value))
            {
                await _dialect.EnterAsync(transaction, group.Key, CancellationToken.None).ConfigureAwait(false);
                appended.Add(await AppendAsync(transaction, appended.Count == 0, group.Key, [.. group], CancellationToken.None).ConfigureAwait(false));
            }

            return appended;
        },
        CancellationToken.None);

    /// <summary>Stores events within a transaction.</summary>
    internal async Task<Appended> AppendAsync(DbTransaction transaction, bool isFirst, TenantId tenant, IReadOnlyList<UsageDelivery> deliveries, CancellationToken cancellationToken)
    {
        var all = UsageDelivery.AllOf(deliveries);
        var gates = await OpenAsync(transaction, tenant, all, cancellationToken).ConfigureAwait(false);
        var batch = new UsageBatch(all, gates);

        // Nearly always all of them are new, and what they add is worked out while the database is busy with them.
        var counting = batch.Entries.Count < WorthTwoCores ? null : Task.Run(() => UsageAdded.Of(batch.Entries), CancellationToken.None);
        var appending = _dialect.UsageLog.AppendAsync(transaction, isFirst, tenant, batch.Entries, cancellationToken);
        await Task.WhenAll(appending, counting ?? Task.CompletedTask).ConfigureAwait(false);
        var added = batch.Entries.FindAll(entry => entry.Known is null);
        var known = counting is not null && added.Count == batch.Entries.Count ? await counting.ConfigureAwait(false) : UsageAdded.Of(added);
        var totals = await CountAsync(transaction, tenant, added, gates, known, cancellationToken).ConfigureAwait(false);
        UsageDelivery.Answer(deliveries, batch);
        return new Appended(tenant, await appending.ConfigureAwait(false), totals);
    }

    /// <summary>Enters intake beside other writers and reads what is closed.</summary>
    private async Task<UsageGates> OpenAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, CancellationToken cancellationToken)
    {
        // Two statements, so that the second sees what was closed while the first waited; sent at once.
        var (shares, parameters) = (_dialect.LockShared is not null, new { Tenant = tenant.ToString(), Lock = UsageLock.Of(tenant) });
        var closed = (long?)null;
        await using (var reader = await transaction.Connection!.ExecuteReaderAsync(new CommandDefinition(
            $"{(shares ? $"{_dialect.LockShared}; " : "")}select closed_until from billing_usage_gate_end where tenant_id = @Tenant", parameters, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false))
        {
            _ = !shares || await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            closed = await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? reader.GetInt64(0) : null;
        }

        if (closed is null || entries.All(entry => entry.Item.At.ToMicroseconds() >= closed))
        {
            return UsageGates.None;
        }

        return await UsageGates.ReadAsync(_dialect, transaction, tenant, entries.Select(entry => entry.Item), cancellationToken).ConfigureAwait(false);
    }

    /// <returns>How many totals move.</returns>
    private async Task<int> CountAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageEntry> entries, UsageGates gates, UsageAdded added, CancellationToken cancellationToken)
    {
        var late = new LateMarks(gates);
        foreach (var entry in gates.IsEmpty ? [] : entries)
        {
            late.Add(entry);
        }

        await UsageDeltas.AddAsync(_dialect, transaction, tenant, added, cancellationToken).ConfigureAwait(false);
        await late.WriteAsync(_dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
        var orphans = entries.Where(entry => entry.Orphan is not null).SelectMany(OrphanRows).ToList();
        if (orphans.Count > 0)
        {
            await transaction.BulkAsync(InsertOrphans(), tenant, orphans, cancellationToken).ConfigureAwait(false);
        }

        return added.Totals;
    }

    private static object Claimed(UsageEntry entry) => new
    {
        source = entry.Key.Source, id = entry.Key.Id, recorded_at = entry.Item.RecordedAt.ToMicroseconds(),
    };

    private static IEnumerable<object> LateParts(UsageEntry entry) => entry.Open.Select(part => new
    {
        source = entry.Key.Source, id = entry.Key.Id, metric_id = part.Metric.Id, recorded_at = entry.Item.RecordedAt.ToMicroseconds(),
    });

    private static IEnumerable<object> OrphanRows(UsageEntry entry)
    {
        var whole = entry.Item.Orphan is { } reason ? [(Metric: "", Reason: reason)] : entry.Late.Select(part => (Metric: part.Metric.Id.ToString(), Reason: OrphanReason.Late));
        return whole.Select(orphan => new { source = entry.Key.Source, id = entry.Key.Id, metric_id = orphan.Metric, reason = orphan.Reason, recorded_at = entry.Item.RecordedAt.ToMicroseconds() });
    }

    private static string Close(string rows) =>
        $"""
        insert into billing_usage_gate as g (tenant_id, customer_id, metric_id, subscription_id, closed_until)
        select @Tenant, r.customer_id, r.metric_id, r.subscription_id, r.closed_until
        from {rows} as r
        where true
        on conflict (tenant_id, customer_id, metric_id, subscription_id) do update
        set closed_until = case when excluded.closed_until > g.closed_until then excluded.closed_until else g.closed_until end
        """;

    // The latest of all: most events come after it.
    private static string CloseLast(string rows) =>
        $"""
        insert into billing_usage_gate_end as e (tenant_id, closed_until)
        select @Tenant, r.closed_until
        from {rows} as r
        where true
        on conflict (tenant_id) do update set closed_until = excluded.closed_until where excluded.closed_until > e.closed_until
        """;

    private string InsertOrphans() =>
        $"""
        insert into billing_usage_orphan (tenant_id, source, id, metric_id, reason, recorded_at)
        select @Tenant, r.source, r.id, r.metric_id, r.reason, r.recorded_at
        from {_dialect.Rows("Rows", "source text", "id text", "metric_id text", "reason text", "recorded_at bigint")} as r
        where true
        on conflict do nothing
        """;

    private string Claim() =>
        $"""
        update billing_usage_orphan set recovered_at = r.recorded_at
        from {_dialect.Rows("Rows", "source text", "id text", "recorded_at bigint")} as r
        where billing_usage_orphan.tenant_id = @Tenant and billing_usage_orphan.source = r.source and billing_usage_orphan.id = r.id
          and billing_usage_orphan.metric_id = '' and {UsageOrphans.Open("billing_usage_orphan")}
        returning billing_usage_orphan.source as Source, billing_usage_orphan.id as Id
        """;

    private string ClaimLate() =>
        $"""
        update billing_usage_orphan set recovered_at = r.recorded_at
        from {_dialect.Rows("Rows", "source text", "id text", "metric_id text", "recorded_at bigint")} as r
        where billing_usage_orphan.tenant_id = @Tenant and billing_usage_orphan.source = r.source and billing_usage_orphan.id = r.id
          and billing_usage_orphan.metric_id = r.metric_id and {UsageOrphans.Open("billing_usage_orphan")}
        returning billing_usage_orphan.source as Source, billing_usage_orphan.id as Id, billing_usage_orphan.metric_id as MetricId
        """;

    /// <summary>What was stored for one tenant: what to do once it is committed, and how many totals it moves.</summary>
    internal sealed record Appended(TenantId Tenant, Action? Committed, int Totals);

    private sealed record LatePart
    {
        public required string Source { get; init; }
        public required string Id { get; init; }
        public required string MetricId { get; init; }
    }

    private sealed record EventKey
    {
        public required string Source { get; init; }
        public required string Id { get; init; }
    }
}
