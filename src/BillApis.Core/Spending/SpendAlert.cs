using NodaTime;

namespace BillApis;

/// <summary>A threshold of a spend limit that was reached; once in a month.</summary>
/// <param name="Threshold">The percentage of the limit; 100 for the limit itself.</param>
/// <param name="Spent">What had been spent.</param>
/// <param name="At">When it was seen.</param>
public sealed record SpendAlert(decimal Threshold, decimal Spent, Instant At);
