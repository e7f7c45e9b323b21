using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>What a stretch of time is to hold: filled aside, compared, and then applied or given up as one.</summary>
public sealed record UsageBackfill : IEntity<UsageBackfill>
{
    /// <summary>The id.</summary>
    public required UsageBackfillId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>The one customer whose usage it is about; null for all.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>The half-open timeframe that its events lie in.</summary>
    public required Interval Period { get; init; }

    /// <summary>The one type of events that it is about; null for all.</summary>
    public string? EventType { get; init; }

    /// <summary>Whether what the timeframe holds already is superseded; otherwise the backfill adds to it.</summary>
    public bool ReplaceExisting { get; init; }

    /// <summary>How far it has come.</summary>
    public UsageBackfillStatus Status { get; init; }

    /// <summary>What applying it did; null until then.</summary>
    public BackfillEffect? Effect { get; init; }

    /// <summary>When it was applied.</summary>
    public Instant? AppliedAt { get; init; }

    /// <summary>When it was reverted.</summary>
    public Instant? RevertedAt { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<UsageBackfill>.Key => Id.ToString();

    string? IEntity<UsageBackfill>.Alias => null;

    /// <inheritdoc/>
    public UsageBackfill WithVersion(long version) => this with { Version = version };

    /// <summary>Whether an event is one of those that the backfill is about.</summary>
    internal bool Covers(UsageEvent item, CustomerId? customer) =>
        item.Timestamp is { } at && Period.Contains(at) && (EventType is null || item.Type == EventType) && (Customer is null || Customer == customer);

    internal UsageBackfill Applied(Instant at, BackfillEffect effect) => this with { Status = UsageBackfillStatus.Applied, AppliedAt = at, Effect = effect };

    internal UsageBackfill Reverted(Instant at) => this with { Status = UsageBackfillStatus.Reverted, RevertedAt = at };
}

/// <summary>How far a backfill has come.</summary>
public enum UsageBackfillStatus
{
    /// <summary>It takes events, and nothing of it counts.</summary>
    Open,

    /// <summary>All of it counts.</summary>
    Applied,

    /// <summary>It was given up before it was applied, or taken back after that; nothing of it counts.</summary>
    Reverted,
}

/// <summary>What applying a backfill did.</summary>
/// <param name="Added">How many events were new.</param>
/// <param name="Amended">How many events that were there count as the backfill says since.</param>
/// <param name="Superseded">How many events that were there count no more.</param>
/// <param name="Unchanged">How many events of the backfill were there already.</param>
public sealed record BackfillEffect(long Added, long Amended, long Superseded, long Unchanged);

/// <summary>What a backfill changes for one customer and metric, over its timeframe.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Metric">The metric.</param>
/// <param name="QuantityBefore">What was used without it.</param>
/// <param name="QuantityAfter">What was used with it.</param>
/// <param name="EventsBefore">How many events that came from.</param>
/// <param name="EventsAfter">How many events that comes from.</param>
public sealed record BackfillComparison(CustomerId Customer, MetricId Metric, decimal QuantityBefore, decimal QuantityAfter, long EventsBefore, long EventsAfter);

/// <summary>What a new backfill is about.</summary>
public sealed record NewUsageBackfill
{
    /// <summary>The half-open timeframe.</summary>
    public required Interval Period { get; init; }

    /// <summary>The id or external id of the one customer; null for all.</summary>
    public string? Customer { get; init; }

    /// <summary>The one type of events; null for all.</summary>
    public string? EventType { get; init; }

    /// <summary>The id or code of a metric whose type of events it is, instead of <see cref="EventType"/>; all metrics of that type see the backfill.</summary>
    public string? Metric { get; init; }

    /// <summary>Whether what the timeframe holds already is superseded.</summary>
    public bool ReplaceExisting { get; init; }
}
