using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using BillApis.Metering;
using BillApis.Storage;
using NodaTime;

namespace BillApis;

/// <summary>Usage of the past that is put right as one: opened, filled, compared, and applied or reverted.</summary>
public sealed class UsageBackfills
{
    private const int MaxAttempts = 20;
    private const int BatchSize = 2_000;
    private readonly IUsageBackfillStore _store;
    private readonly Usage _usage;
    private readonly IStore<Metric> _metrics;
    private readonly Customers _customers;
    private readonly Settings _settings;
    private readonly IClock _clock;
    private readonly ChangeFeed _changes;
    private readonly Lock _lock = new();
    private Instant _last;

    internal UsageBackfills(IUsageBackfillStore store, Usage usage, IStore<Metric> metrics, Customers customers, Settings settings, IClock clock, ChangeFeed changes) =>
        (_store, _usage, _metrics, _customers, _settings, _clock, _changes) = (store, usage, metrics, customers, settings, clock, changes);

    /// <summary>Opens a backfill, which then takes events.</summary>
    /// <exception cref="BillingException">There is no such customer or metric, or the timeframe has no end or is empty.</exception>
    public async Task<UsageBackfill> OpenAsync(TenantId tenant, NewUsageBackfill backfill, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backfill);
        if (!backfill.Period.HasStart || !backfill.Period.HasEnd || backfill.Period.Start == backfill.Period.End)
        {
            throw BillingException.Field("to", "must be after from");
        }

        if (backfill.EventType is not null && backfill.Metric is not null)
        {
            throw BillingException.Field("metric_id", "must be left out where there is an event_type");
        }

        Check.Text("event_type", backfill.EventType, Limits.CodeLength);
        var metric = backfill.Metric is null ? null : await _metrics.FindAsync(tenant, backfill.Metric, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, backfill.Metric);
        var opened = new UsageBackfill
        {
            Id = EntityId.New<UsageBackfillId>(), Tenant = tenant, Period = new Interval(Microseconds(backfill.Period.Start), Microseconds(backfill.Period.End)), ReplaceExisting = backfill.ReplaceExisting,
            Customer = backfill.Customer is null ? null : (await _customers.GetAsync(tenant, backfill.Customer, cancellationToken).ConfigureAwait(false)).Id,
            EventType = metric?.EventType ?? backfill.EventType, CreatedAt = _clock.GetCurrentInstant(),
        };
        return await _store.SaveAsync(tenant, [opened], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved ? opened.WithVersion(1) : throw BillingException.Changed("usage backfill", opened.Id.ToString());
    }

    /// <summary>Reads a backfill.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<UsageBackfill> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        await _store.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound("usage backfill", id);

    /// <summary>How many events a backfill holds.</summary>
    public Task<long> CountAsync(UsageBackfill backfill, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backfill);
        return _store.CountHeldAsync(backfill.Tenant, backfill.Id, cancellationToken);
    }

    /// <summary>Lists backfills, newest first; filtered by <c>status</c>.</summary>
    public Task<Page<UsageBackfill>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(tenant, query, cancellationToken);

    /// <summary>Adds events to an open backfill: nothing of them counts before it is applied. Sending them again changes nothing.</summary>
    /// <returns>What became of each; one of another timeframe, customer or type is refused, and so is one of nobody.</returns>
    /// <exception cref="BillingException">The backfill is not open, or too full.</exception>
    public Task<UsageReceipt> AddAsync(TenantId tenant, string id, IReadOnlyList<UsageEvent> events, CancellationToken cancellationToken = default) => AddAsync(tenant, id, events, null, cancellationToken);

    internal async Task<UsageReceipt> AddAsync(TenantId tenant, string id, IReadOnlyList<UsageEvent> events, string? sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        Check.Range("events", events.Count, 0, Limits.EventsPerBatch);
        events = await _usage.WithSenderAsync(tenant, events, sender, cancellationToken).ConfigureAwait(false);
        for (var attempt = 1; ; attempt++)
        {
            var backfill = await GetAsync(tenant, id, cancellationToken).ConfigureAwait(false);
            if (backfill.Status is not UsageBackfillStatus.Open)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"The backfill was {(backfill.Status is UsageBackfillStatus.Applied ? "applied" : "reverted")}; only an open one takes events.");
            }

            var (receipt, stamped, places) = (new ReceiptBuilder(events), new List<StampedEvent>(events.Count), new List<int>(events.Count));
            var intake = await _usage.IntakeAsync(tenant, events, Now(), cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < events.Count; i++)
            {
                if (backfill.Stamp(intake, events[i], out var good) is { } wrong)
                {
                    receipt.Refuse(i, wrong);
                    continue;
                }

                stamped.Add(good!);
                places.Add(i);
            }

            if (await _store.HoldAsync(backfill, stamped, cancellationToken).ConfigureAwait(false) is { } results)
            {
                for (var i = 0; i < results.Count; i++)
                {
                    receipt.Add(places[i], results[i]);
                }

                return receipt.Build();
            }

            Busy(backfill, attempt);
        }
    }

    /// <summary>What the backfill would change, or changed, over its timeframe: a row for each customer and metric.</summary>
    /// <exception cref="BillingException">There is none such, or it cannot be applied as it stands.</exception>
    public async Task<Page<BackfillComparison>> CompareAsync(TenantId tenant, string id, int limit = Limits.DefaultPageSize, string? after = null, CancellationToken cancellationToken = default)
    {
        Check.Range("limit", limit, 1, Limits.PageSize);
        var backfill = await GetAsync(tenant, id, cancellationToken).ConfigureAwait(false);
        return await _store.CompareAsync(backfill, await WorkAsync(backfill, cancellationToken).ConfigureAwait(false), after, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets the backfill count, all at once: what it replaces is superseded, and bills of periods that are over follow by the tenant's policy for late usage. Safe to repeat.</summary>
    /// <exception cref="BillingException">There is none such, it was reverted, or an event of it cannot be counted; nothing is changed then.</exception>
    public Task<UsageBackfill> ApplyAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) => ChangeAsync(
        tenant, id,
        backfill => backfill.Status switch
        {
            UsageBackfillStatus.Applied => null,
            UsageBackfillStatus.Open => _store.ApplyAsync,
            _ => throw new BillingException(BillingErrorCode.Conflict, "The backfill was reverted; open a new one."),
        },
        cancellationToken);

    /// <summary>Gives a backfill up or, once it was applied, takes it back: what counted before counts again, as corrections on record. Safe to repeat.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public Task<UsageBackfill> RevertAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, id, backfill => backfill.Status is UsageBackfillStatus.Reverted ? null : _store.RevertAsync, cancellationToken);

    private async Task<UsageBackfill> ChangeAsync(
        TenantId tenant, string id, Func<UsageBackfill, Func<UsageBackfill, BackfillWork, CancellationToken, Task<UsageBackfill?>>?> decide, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var backfill = await GetAsync(tenant, id, cancellationToken).ConfigureAwait(false);
            if (decide(backfill) is not { } change)
            {
                return backfill;
            }

            if (await change(backfill, await WorkAsync(backfill, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false) is { } changed)
            {
                _changes.Publish(new Change(tenant, backfill.Customer, IsUsage: true));
                return changed;
            }

            Busy(backfill, attempt);
        }
    }

    private async Task<BackfillWork> WorkAsync(UsageBackfill backfill, CancellationToken cancellationToken)
    {
        var metrics = await _metrics.AllAsync(backfill.Tenant, new StoreQuery { Limit = Limits.PageSize }, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        var (at, policy) = (Next(), (await _settings.RecentAsync(backfill.Tenant, cancellationToken).ConfigureAwait(false)).LateUsage);
        return new BackfillWork(at, [.. metrics], HeldAsync(backfill, at, CancellationToken.None), policy is not LateUsagePolicy.Orphan);
    }

    // Stamped anew each time: customers and metrics may have changed since the events were sent.
    private async IAsyncEnumerable<IReadOnlyList<StampedEvent>> HeldAsync(UsageBackfill backfill, Instant at, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (UsageEvent? after = null; await _store.ReadHeldAsync(backfill.Tenant, backfill.Id, after, BatchSize, cancellationToken).ConfigureAwait(false) is { Count: > 0 } events; after = events[^1])
        {
            var intake = await _usage.IntakeAsync(backfill.Tenant, events, at, cancellationToken).ConfigureAwait(false);
            yield return [.. events.Select(item => backfill.Stamp(intake, item, out var stamped) is { } wrong
                ? throw new BillingException(BillingErrorCode.Conflict, $"The event '{item.Id}' cannot be counted any more: {wrong.Field} {wrong.Message}.")
                : stamped!)];
        }
    }

    private static void Busy(UsageBackfill backfill, int attempt) =>
        _ = attempt < MaxAttempts ? 0 : throw new BillingException(BillingErrorCode.Conflict, $"The backfill '{backfill.Id}' is being changed by others; try again.");

    private Instant Now() => Microseconds(_clock.GetCurrentInstant());

    // Behind all that was recorded up to now, and never twice: what was known before a change and right after it can be told apart.
    private Instant Next()
    {
        lock (_lock)
        {
            return _last = Instant.Max(Now(), _last) + Duration.FromTicks(10);
        }
    }

    private static Instant Microseconds(Instant at) => Instant.FromUnixTimeTicks(at.ToUnixTimeTicks() / 10 * 10);
}
