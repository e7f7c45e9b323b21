using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Usage in <c>billing_usage_…</c>.</summary>
internal sealed class SqlUsageStore : IUsageStore, IDisposable
{
    private readonly SqlDialect _dialect;
    private readonly UsageDeltas _deltas;
    private readonly UsageIntake _intake;
    private readonly UsageReader _reader;
    private readonly UsageListing _listing;
    private readonly UsageOrphans _orphans;
    private readonly UsageCorrections _corrections;
    private readonly LateListing _late;
    private readonly UsageRebuild _rebuild;

    public SqlUsageStore(SqlDatabase database)
    {
        (_dialect, _deltas) = (database.Dialect, new UsageDeltas(database));
        (_intake, _reader, _corrections) = (new(database, _deltas), new(database, _deltas), new(database, _deltas));
        (_listing, _orphans, _late, _rebuild) = (new(database), new(database), new(database), new(database, _deltas));
    }

    /// <summary>What applies or reverts a backfill within a transaction.</summary>
    public BackfillRun Backfill(DbTransaction transaction, UsageBackfill backfill, BackfillWork work) => new(_dialect, _intake, _deltas, transaction, backfill, work);

    /// <summary>Reads quantities as a transaction sees them.</summary>
    public Task<IReadOnlyList<UsageReading>> ReadAsync(DbConnection connection, DbTransaction transaction, TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken) =>
        _reader.ReadAsync(connection, transaction, tenant, requests, cancellationToken);

    /// <summary>Merges into the totals what batches left beside them, where that is much; the worker's job.</summary>
    public Task MergeAsync(CancellationToken cancellationToken) => _deltas.MergePiledAsync(cancellationToken);

    public Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        events.Count == 0 ? Task.FromResult<IReadOnlyList<AppendResult>>([]) : _intake.AppendAsync(tenant, events, cancellationToken);

    public Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, DbTransaction transaction, CancellationToken cancellationToken) =>
        events.Count == 0 ? Task.FromResult<IReadOnlyList<AppendResult>>([]) : _intake.AppendAsync(tenant, events, transaction, cancellationToken);

    public Task<IReadOnlyList<UsageReading>> ReadAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken) =>
        _reader.ReadAsync(tenant, requests, cancellationToken);

    public IAsyncEnumerable<RebuiltTotals> RebuildAsync(TenantId tenant, Func<CancellationToken, Task<IReadOnlyList<Metric>>> metrics, bool set, CancellationToken cancellationToken) => _rebuild.RunAsync(tenant, metrics, set, cancellationToken);

    public Task ClosePeriodsAsync(TenantId tenant, IReadOnlyList<ClosedPeriod> periods, CancellationToken cancellationToken) =>
        periods.Count == 0 ? Task.CompletedTask : _intake.ClosePeriodsAsync(tenant, periods, cancellationToken);

    public Task<IReadOnlyList<LateUsage>> ListLateAsync(LateQuery query, CancellationToken cancellationToken) => _late.ListAsync(query, cancellationToken);

    public Task SettleLateAsync(TenantId tenant, IReadOnlyList<LateUsage> settled, CancellationToken cancellationToken) => _late.SettleAsync(tenant, settled, cancellationToken);

    public Task PostponeLateAsync(TenantId tenant, IReadOnlyList<LateUsage> late, Instant until, CancellationToken cancellationToken) => _late.PostponeAsync(tenant, late, until, cancellationToken);

    public async Task<Page<StoredEvent>> ListEventsAsync(TenantId tenant, UsageQuery query, CancellationToken cancellationToken)
    {
        var page = await _listing.ListEventsAsync(tenant, query, cancellationToken).ConfigureAwait(false);
        return query.CountedBefore is not null ? page : page with { Items = await _corrections.AddAsync(tenant, page.Items, cancellationToken).ConfigureAwait(false) };
    }

    public Task<StoredEvent?> FindEventAsync(TenantId tenant, string source, string id, CancellationToken cancellationToken) => _corrections.FindAsync(tenant, source, id, cancellationToken);

    public Task<IReadOnlyList<UsageEvent>> ReadEventsAsync(TenantId tenant, UsageRequest request, CancellationToken cancellationToken) => _reader.ReadEventsAsync(tenant, request, cancellationToken);

    public Task<bool> CorrectAsync(TenantId tenant, StampedCorrection correction, CancellationToken cancellationToken) => _corrections.CorrectAsync(tenant, correction, cancellationToken);

    public Task<Page<OrphanEvent>> ListOrphansAsync(TenantId tenant, OrphanQuery query, CancellationToken cancellationToken) =>
        _listing.ListOrphansAsync(tenant, query, cancellationToken);

    public Task<int> RecoverLateAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        events.Count == 0 ? Task.FromResult(0) : _intake.RecoverLateAsync(tenant, events, cancellationToken);

    public Task<int> RecoverAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        events.Count == 0 ? Task.FromResult(0) : _intake.RecoverAsync(tenant, events, cancellationToken);

    public Task<IReadOnlyList<string>> DiscardAsync(TenantId tenant, string source, IReadOnlyCollection<string> ids, string reason, Instant at, CancellationToken cancellationToken) =>
        _orphans.DiscardAsync(tenant, source, ids, reason, at, cancellationToken);

    public Task<TenantId?> NextOrphanTenantAsync(TenantId? after, CancellationToken cancellationToken) => _orphans.NextTenantAsync(after, cancellationToken);

    public void Dispose() => _intake.Dispose();
}
