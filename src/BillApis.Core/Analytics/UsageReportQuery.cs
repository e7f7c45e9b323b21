using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Asks how usage went over time.</summary>
public sealed record UsageReportQuery
{
    /// <summary>The word in <see cref="GroupBy"/> that tells customers apart; everything else is a dimension.</summary>
    public const string ByCustomer = "customer_id";

    /// <summary>How many ranked groups are told where the caller names no number.</summary>
    public const int DefaultTop = 10;

    /// <summary>The metric's id or code; every metric that is not archived where null.</summary>
    public string? Metric { get; init; }

    /// <summary>Only this customer's usage, by id or external id; everyone's where null.</summary>
    public string? Customer { get; init; }

    /// <summary>The half-open interval.</summary>
    public required Interval Period { get; init; }

    /// <summary>What the interval is cut into.</summary>
    public UsageWindow Window { get; init; } = UsageWindow.Day;

    /// <summary>The zone whose hours, days, weeks and months count.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>What to rank: <see cref="ByCustomer"/>, dimensions of the metric, or both.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>How many of the ranked groups are told, 1 to <see cref="Limits.GroupsPerReport"/>.</summary>
    public int Top { get; init; } = DefaultTop;

    /// <summary>Whether hours are told that stand out against the same hours of the weeks before.</summary>
    public bool Anomalies { get; init; }
}
