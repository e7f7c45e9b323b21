using NodaTime;

namespace BillApis;

/// <summary>One window of one quota of a customer.</summary>
/// <param name="Customer">Whose it is.</param>
/// <param name="Subject">What it is of: a feature's id, or <c>spend/USD</c>.</param>
/// <param name="Start">When the window begins.</param>
public readonly record struct QuotaKey(CustomerId Customer, string Subject, Instant Start);
