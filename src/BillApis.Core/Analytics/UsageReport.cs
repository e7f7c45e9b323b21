using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>How the usage of one metric went over time. Of several customers, quantities are the sum of theirs, since each is billed for its own.</summary>
/// <param name="Metric">What was counted.</param>
/// <param name="Period">The interval that was asked for.</param>
/// <param name="Previous">The one that it is compared with.</param>
/// <param name="Total">The quantity of the whole interval, which for a greatest or a unique count is not the sum of its windows.</param>
/// <param name="Series">The quantity of each window.</param>
/// <param name="Groups">The largest groups, the largest first.</param>
/// <param name="Anomalies">The hours that stand out.</param>
public sealed record UsageReport(
    Metric Metric, Interval Period, Interval Previous, UsageFigure Total, ImmutableArray<UsagePoint> Series, ImmutableArray<UsageShare> Groups, ImmutableArray<UsageAnomaly> Anomalies);

/// <summary>A quantity beside the one of the previous period.</summary>
/// <param name="Value">The quantity.</param>
/// <param name="Events">How many events it came from.</param>
/// <param name="Previous">The quantity of the previous period.</param>
public sealed record UsageFigure(decimal Value, long Events, decimal Previous)
{
    /// <summary>How much more it is than before.</summary>
    public decimal Change => Exact.Add(Value, -Previous);

    /// <summary>The change in percent of what was before, to two places, half away from zero; null where there was nothing before.</summary>
    public decimal? ChangePercent => Previous == 0 ? null : Math.Round(Change * 100 / Previous, 2, MidpointRounding.AwayFromZero);
}

/// <summary>What was used in one window.</summary>
/// <param name="Window">The half-open window.</param>
/// <param name="Value">The quantity.</param>
/// <param name="Events">How many events it came from.</param>
public sealed record UsagePoint(Interval Window, decimal Value, long Events);

/// <summary>What one group used.</summary>
/// <param name="Customer">Whose usage it is; null where customers are not told apart.</param>
/// <param name="Dimensions">What its events share; nothing where dimensions are not told apart.</param>
/// <param name="Figure">Its quantity.</param>
/// <param name="Series">The quantity of each window.</param>
public sealed record UsageShare(CustomerId? Customer, Dimensions Dimensions, UsageFigure Figure, ImmutableArray<UsagePoint> Series);

/// <summary>An hour that stands out.</summary>
/// <param name="Hour">The hour, and what was used in it.</param>
/// <param name="Kind">In which way it stands out.</param>
/// <param name="Past">The same hour of the weeks before that count, the latest first.</param>
public sealed record UsageAnomaly(UsagePoint Hour, UsageAnomalyKind Kind, ImmutableArray<UsagePoint> Past);

/// <summary>The ways in which an hour stands out.</summary>
public enum UsageAnomalyKind
{
    /// <summary>Far more was used than ever in this hour of the week.</summary>
    Spike,

    /// <summary>Nothing was used in an hour in which something always was.</summary>
    Silence,
}
