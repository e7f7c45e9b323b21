using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>A part of the running totals that was counted anew from the events that count.</summary>
/// <param name="Month">The month of UTC that it is of.</param>
/// <param name="Events">How many events were counted.</param>
/// <param name="Differences">The totals that are kept otherwise, or were until they were set.</param>
public sealed record RebuiltTotals(YearMonth Month, long Events, ImmutableArray<TotalDifference> Differences)
{
    /// <summary>Whether single events of the month are archived: nothing of it was counted or changed then.</summary>
    public bool IsArchived { get; init; }
}

/// <summary>A running total that is kept otherwise than its events give.</summary>
/// <param name="Period">Its hour, day or month of UTC.</param>
/// <param name="Customer">Whose usage it is.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Subscription">The subscription that its events name; null for none.</param>
/// <param name="Dimensions">What its events share.</param>
/// <param name="Kept">What is kept, in words; null where there is nothing.</param>
/// <param name="Counted">What its events give, in words; null for nothing.</param>
public sealed record TotalDifference(Interval Period, CustomerId Customer, MetricId Metric, SubscriptionId? Subscription, Dimensions Dimensions, string? Kept, string? Counted)
{
    /// <summary>The value that is counted by itself, where the metric tells different ones apart; null for the total of all.</summary>
    public string? Item { get; init; }
}
