using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A day of a service period, or the part of it that lies in the period.</summary>
/// <param name="Start">When it begins.</param>
/// <param name="End">When it is over, and its share is earned.</param>
/// <param name="Amount">Its share.</param>
public readonly record struct RevenueDay(Instant Start, Instant End, Money Amount);
