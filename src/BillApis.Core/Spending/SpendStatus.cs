using System.Collections.Immutable;
using NodaTime;

namespace BillApis;

/// <summary>How a customer's month goes.</summary>
/// <param name="Currency">The currency of the amounts.</param>
/// <param name="Period">The month, in the customer's zone.</param>
/// <param name="Spent">What was spent on usage so far, with at most 8 decimals.</param>
/// <param name="Projected">What the month will come to if it goes on as the month before went, or in a straight line.</param>
/// <param name="Limits">The limits that hold for it, the nearest first.</param>
public sealed record SpendStatus(Currency Currency, Interval Period, decimal Spent, decimal Projected, ImmutableArray<SpendLimit> Limits);
