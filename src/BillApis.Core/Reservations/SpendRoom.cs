using NodaTime;

namespace BillApis;

/// <summary>What may be spent in a month, and what was.</summary>
/// <param name="Most">What may be spent; null without a limit.</param>
/// <param name="Spent">What was.</param>
internal readonly record struct SpendRoom(decimal? Most, decimal Spent)
{
    /// <summary>The room within one limit more.</summary>
    public SpendRoom Within(SpendLimit limit, Interval month)
    {
        var current = limit.In(month);
        return new SpendRoom(Math.Min(Most ?? decimal.MaxValue, limit.Monthly.Amount + current.ResetAtSpent), Math.Max(Spent, current.Spent));
    }
}
