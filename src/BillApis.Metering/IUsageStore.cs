using System.Collections.Immutable;
using System.Data.Common;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Keeps usage events and their running totals. Implementations must pass <c>UsageStoreConformance</c>.</summary>
/// <remarks>
/// What is read never depends on the order, the batches or the repeats in which events came. A store never reads the clock
/// and may be called from many threads and processes at once.
/// </remarks>
public interface IUsageStore
{
    /// <summary>Stores the events that are not there yet and moves the totals, all or nothing.</summary>
    /// <returns>What became of each event, in the order given.</returns>
    Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken);

    /// <summary>The same in a transaction of the caller's, which commits the events together with what else it does, or undoes both.</summary>
    /// <exception cref="ArgumentException">The transaction is of another database than the one that usage is in.</exception>
    Task<IReadOnlyList<AppendResult>> AppendAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, DbTransaction transaction, CancellationToken cancellationToken);

    /// <summary>Reads quantities; thousands of requests cost a handful of queries.</summary>
    /// <returns>An answer for each request, in the order given.</returns>
    Task<IReadOnlyList<UsageReading>> ReadAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken);

    /// <summary>
    /// Counts the totals anew from the events that count, in bounded memory and in steps that each leave everything right up to there; events may come meanwhile.
    /// Billed usage that is set is marked to be rated again. A month whose single events are archived is told as such and left alone.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="metrics">Reads all of its metrics, archived ones among them: again where an event counts for one that was made meanwhile.</param>
    /// <param name="set">Whether totals that are kept otherwise are set, and not only told.</param>
    /// <param name="cancellationToken">Stops it between two steps.</param>
    /// <exception cref="BillingException">An event counts for a metric that is not there.</exception>
    IAsyncEnumerable<RebuiltTotals> RebuildAsync(TenantId tenant, Func<CancellationToken, Task<IReadOnlyList<Metric>>> metrics, bool set, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the time in which usage counts for some periods: when this returns, every event that counts was stored, and one that
    /// is stored later is an orphan, or late usage where it <see cref="StampedEvent.CountsLate"/>. The end of a period never moves back.
    /// </summary>
    Task ClosePeriodsAsync(TenantId tenant, IReadOnlyList<ClosedPeriod> periods, CancellationToken cancellationToken);

    /// <summary>Lists billed usage that changed since; quantities that are read afterwards hold at least what was marked.</summary>
    Task<IReadOnlyList<LateUsage>> ListLateAsync(LateQuery query, CancellationToken cancellationToken);

    /// <summary>Forgets late usage that was billed; what changed once more since it was listed stays.</summary>
    Task SettleLateAsync(TenantId tenant, IReadOnlyList<LateUsage> settled, CancellationToken cancellationToken);

    /// <summary>Leaves late usage out of <see cref="LateQuery.At"/> until an instant, or until it changes once more.</summary>
    Task PostponeLateAsync(TenantId tenant, IReadOnlyList<LateUsage> late, Instant until, CancellationToken cancellationToken);

    /// <summary>Lists events, the latest timestamp first.</summary>
    Task<Page<StoredEvent>> ListEventsAsync(TenantId tenant, UsageQuery query, CancellationToken cancellationToken);

    /// <summary>Finds an event by its key, with all that was said of it later; null where there is none.</summary>
    Task<StoredEvent?> FindEventAsync(TenantId tenant, string source, string id, CancellationToken cancellationToken);

    /// <summary>The events that a request counts, corrections applied, in no order; for prices that look at single events.</summary>
    Task<IReadOnlyList<UsageEvent>> ReadEventsAsync(TenantId tenant, UsageRequest request, CancellationToken cancellationToken);

    /// <summary>Stores a correction and counts anew what it changes, all or nothing; billed usage that changes is marked to be rated again.</summary>
    /// <returns>Whether it is stored: not where the event was corrected or recovered since the caller looked, or is not there.</returns>
    Task<bool> CorrectAsync(TenantId tenant, StampedCorrection correction, CancellationToken cancellationToken);

    /// <summary>Lists events that were kept without being counted and are still not, oldest arrival first.</summary>
    Task<Page<OrphanEvent>> ListOrphansAsync(TenantId tenant, OrphanQuery query, CancellationToken cancellationToken);

    /// <summary>Counts orphans whose customer and metrics are there now; one that is not an orphan any more is left alone.</summary>
    /// <returns>How many count now.</returns>
    Task<int> RecoverAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken);

    /// <summary>Counts the parts of events that were kept as late, and marks them to be billed; a part that is not an orphan any more is left alone.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="events">Events that count late, with everything that they add once all of their parts count.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>How many events count now that did not, or for fewer metrics.</returns>
    Task<int> RecoverLateAsync(TenantId tenant, IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken);

    /// <summary>Gives open orphans up: they stay on record with the reason and are listed as discarded; one that is not open is left alone.</summary>
    /// <returns>The ids of those that are discarded now.</returns>
    Task<IReadOnlyList<string>> DiscardAsync(TenantId tenant, string source, IReadOnlyCollection<string> ids, string reason, Instant at, CancellationToken cancellationToken);

    /// <summary>The first tenant that has open orphans behind another in the order of ids; null where there is none.</summary>
    Task<TenantId?> NextOrphanTenantAsync(TenantId? after, CancellationToken cancellationToken);
}

/// <summary>What became of an event that was to be stored.</summary>
/// <param name="Outcome">Whether it is stored.</param>
/// <param name="Orphan">Why it, or a part of it, is not counted; null where it is.</param>
public readonly record struct AppendResult(AppendOutcome Outcome, OrphanReason? Orphan = null);

/// <summary>Whether an event was stored.</summary>
public enum AppendOutcome
{
    /// <summary>It is stored now.</summary>
    Accepted,

    /// <summary>It was stored before, with the same content.</summary>
    Duplicate,

    /// <summary>Its source used its id before for another event, which stays as it is.</summary>
    Conflict,
}

/// <summary>Usage of a subscription that is billed from here on.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Subscription">The subscription.</param>
/// <param name="Until">Events before this instant do not count any more.</param>
public sealed record ClosedPeriod(CustomerId Customer, MetricId Metric, SubscriptionId Subscription, Instant Until);

/// <summary>Which events to list.</summary>
public sealed record UsageQuery
{
    /// <summary>Only this customer's.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>Only of this type.</summary>
    public string? Type { get; init; }

    /// <summary>Only from this instant on.</summary>
    public Instant? From { get; init; }

    /// <summary>Only before this instant.</summary>
    public Instant? To { get; init; }

    /// <summary>Lists what counts by the corrections before this instant, where and when it counts; null for events as they were sent, with all that was said of them.</summary>
    public Instant? CountedBefore { get; init; }

    /// <summary>How many a page holds, 1 to <see cref="Limits.PageSize"/>.</summary>
    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before.</summary>
    public string? After { get; init; }
}

/// <summary>Which orphans to list.</summary>
public sealed record OrphanQuery
{
    /// <summary>Only those that were discarded, instead of those that are open.</summary>
    public bool Discarded { get; init; }

    /// <summary>Only orphans for this reason.</summary>
    public OrphanReason? Reason { get; init; }

    /// <summary>How many a page holds, 1 to <see cref="Limits.PageSize"/>.</summary>
    public int Limit { get; init; } = Limits.DefaultPageSize;

    /// <summary>The <see cref="Page{T}.Next"/> of the page before.</summary>
    public string? After { get; init; }
}

/// <summary>An event as it is kept.</summary>
/// <param name="Event">What was sent; its timestamp is filled in where the sender left it out.</param>
/// <param name="RecordedAt">When it arrived.</param>
/// <param name="Customer">Whose it is; null for an orphan without a customer.</param>
/// <param name="Metrics">The metrics that count it as it was sent.</param>
public sealed record StoredEvent(UsageEvent Event, Instant RecordedAt, CustomerId? Customer, ImmutableArray<MetricId> Metrics)
{
    /// <summary>What was said of it later, oldest first; the last one says what counts.</summary>
    public ImmutableArray<EventCorrection> Corrections { get; init; } = [];

    /// <summary>Whether it was taken back: nothing counts in its place.</summary>
    public bool IsVoided => Corrections is [.., { Content: null }];

    /// <summary>What counts: the event, or what the last correction put in its place; null for nothing.</summary>
    public UsageEvent? Net => Corrections is [.., var last] ? last.Content : Event;
}

/// <summary>An event, or one metric's part of it, that is kept without being counted.</summary>
/// <param name="Event">The event.</param>
/// <param name="Reason">Why it is not counted.</param>
/// <param name="Metric">The metric whose period was closed; null where the whole event is not counted.</param>
public sealed record OrphanEvent(StoredEvent Event, OrphanReason Reason, MetricId? Metric)
{
    /// <summary>When it was given up; null where it is open.</summary>
    public Instant? DiscardedAt { get; init; }

    /// <summary>Why it was given up, in words.</summary>
    public string? DiscardReason { get; init; }
}
