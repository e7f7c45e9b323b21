using System.Collections.Immutable;
using NodaTime;

namespace BillApis;

/// <summary>How one month of a spend limit goes.</summary>
/// <param name="Period">The month, in the customer's zone.</param>
public sealed record SpendMonth(Interval Period)
{
    /// <summary>What was spent in it, with at most 8 decimals.</summary>
    public decimal Spent { get; init; }

    /// <summary>The version of the customer's <see cref="SpendRecord"/> that this was read from; what is older is not believed.</summary>
    public long Seen { get; init; }

    /// <summary>What had been spent when the limit was reset last; only what came since counts against it.</summary>
    public decimal ResetAtSpent { get; init; }

    /// <summary>The thresholds that were reached since the last reset, in that order.</summary>
    public ImmutableArray<SpendAlert> Alerts { get; init; } = [];

    /// <summary>What counts against the limit.</summary>
    public decimal Counted => Spent - ResetAtSpent;
}
