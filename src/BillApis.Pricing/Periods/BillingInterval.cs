using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>The calendar unit that an interval counts.</summary>
public enum IntervalUnit
{
    /// <summary>A local day, 23 to 25 hours long.</summary>
    Day,

    /// <summary>Seven local days.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,

    /// <summary>Three months.</summary>
    Quarter,

    /// <summary>Six months.</summary>
    HalfYear,

    /// <summary>Twelve months.</summary>
    Year,
}

/// <summary>How long a billing period is, in calendar units of the subscription's zone.</summary>
/// <param name="Unit">The unit that is counted.</param>
/// <param name="Count">How many units one period lasts; at least 1, at most ten years of them.</param>
[method: JsonConstructor]
public readonly record struct BillingInterval(IntervalUnit Unit, int Count)
{
    private const int LongestYears = 10;

    /// <summary>How many units one period lasts.</summary>
    public int Count { get; } = Count >= 1 && Count <= LongestCount(Unit)
        ? Count
        : throw new ArgumentOutOfRangeException(nameof(Count), Count, $"An interval counts 1 to {LongestCount(Unit)} of {Unit}.");

    /// <summary>The whole months of one period, or 0 where it counts days.</summary>
    internal int Months => Count * MonthsOf(Unit);

    /// <summary>The whole days of one period, or 0 where it counts months.</summary>
    internal int Days => Count * Unit switch { IntervalUnit.Day => 1, IntervalUnit.Week => 7, _ => 0 };

    internal static int MonthsOf(IntervalUnit unit) =>
        unit switch { IntervalUnit.Month => 1, IntervalUnit.Quarter => 3, IntervalUnit.HalfYear => 6, IntervalUnit.Year => 12, _ => 0 };

    /// <summary>The most units that one period may last: ten years of them.</summary>
    public static int LongestCount(IntervalUnit unit) =>
        unit switch { IntervalUnit.Day => 365 * LongestYears, IntervalUnit.Week => 52 * LongestYears, _ when MonthsOf(unit) is > 0 and var months => 12 * LongestYears / months, _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "must be a unit") };

    /// <summary>For example <c>month</c> or <c>3 month</c>.</summary>
    public override string ToString() => Count == 1 ? Wire.Name(Unit) : $"{Count} {Wire.Name(Unit)}";
}
