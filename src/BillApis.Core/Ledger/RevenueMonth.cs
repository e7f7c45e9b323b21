using NodaTime;

namespace BillApis;

/// <summary>What is earned in a month of what was invoiced in advance.</summary>
/// <param name="Period">The month, in UTC.</param>
/// <param name="Currency">The currency.</param>
/// <param name="Earned">The shares of the days that end in it.</param>
/// <param name="Deferred">What is still to be earned at its end, of all that was invoiced by then.</param>
public sealed record RevenueMonth(Interval Period, Currency Currency, Money Earned, Money Deferred);
