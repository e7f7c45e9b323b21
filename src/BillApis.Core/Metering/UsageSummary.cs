using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Asks for what a customer used, window by window.</summary>
public sealed record UsageSummaryQuery
{
    /// <summary>The customer's id or external id.</summary>
    public required string Customer { get; init; }

    /// <summary>The metric's id or code.</summary>
    public required string Metric { get; init; }

    /// <summary>The half-open interval.</summary>
    public required Interval Period { get; init; }

    /// <summary>Leaves out events that name another subscription.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>What the interval is cut into.</summary>
    public UsageWindow Window { get; init; }

    /// <summary>What becomes of the windows that the interval begins or ends within.</summary>
    public WindowAlignment Alignment { get; init; }

    /// <summary>The zone whose hours, days or months the windows are.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>Only what was known of then: events that arrived in this half-open interval.</summary>
    public Interval? Recorded { get; init; }

    /// <summary>The dimensions to tell apart.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];
}

/// <summary>What was used in one window and group.</summary>
/// <param name="Window">The half-open window, cut where the asked interval starts or ends within it.</param>
/// <param name="Group">What the events share.</param>
/// <param name="Value">The quantity.</param>
/// <param name="Events">How many events it came from.</param>
public sealed record UsageSummaryRow(Interval Window, Dimensions Group, decimal Value, long Events);
