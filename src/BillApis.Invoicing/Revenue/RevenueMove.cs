using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What is earned, or below zero taken back of that.</summary>
/// <param name="Amount">How much.</param>
/// <param name="At">As of when.</param>
public readonly record struct RevenueMove(Money Amount, Instant At);
