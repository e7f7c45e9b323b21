using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>What was said of an event later: it stays as it was sent, and from here on something else counts in its place, or nothing.</summary>
/// <param name="Id">The correction's own id.</param>
/// <param name="RecordedAt">When it arrived; what was known before that does not hold it.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Content">What counts in the event's place; null where it is voided.</param>
/// <param name="Metrics">The metrics that count it from then on.</param>
public sealed record EventCorrection(UsageCorrectionId Id, Instant RecordedAt, string? Reason, UsageEvent? Content, ImmutableArray<MetricId> Metrics);

/// <summary>A correction that passed intake: all that a store needs to keep it and to count anew.</summary>
public sealed record StampedCorrection
{
    /// <summary>Its id.</summary>
    public required UsageCorrectionId Id { get; init; }

    /// <summary>The source of the event.</summary>
    public required string Source { get; init; }

    /// <summary>The id of the event in its source.</summary>
    public required string Event { get; init; }

    /// <summary>How many corrections of the event the caller knew; where there are others by now, nothing is done.</summary>
    public required int After { get; init; }

    /// <summary>When it arrived.</summary>
    public required Instant RecordedAt { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>What counts in the event's place; null for nothing.</summary>
    public StampedEvent? Content { get; init; }

    /// <summary>The metrics that counted the event before; where others do by now, nothing is done.</summary>
    public ImmutableArray<Metric> Metrics { get; init; } = [];
}
