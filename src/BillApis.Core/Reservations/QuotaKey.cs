using NodaTime;

namespace BillApis;

/// <summary>One window of one quota of a customer.</summary>
/// <param name="Customer">Whose it is.</param>
/// <param name="Subject">What it is of: a feature's id, <c>spend/USD</c>, or <c>spend/USD/sub_…</c> for one subscription's part of it.</param>
/// <param name="Start">When the window begins.</param>
public readonly record struct QuotaKey(CustomerId Customer, string Subject, Instant Start);
