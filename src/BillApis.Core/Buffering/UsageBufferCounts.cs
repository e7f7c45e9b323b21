namespace BillApis;

/// <summary>What became of the events that were offered to a <see cref="UsageBuffer"/> since the process began.</summary>
/// <param name="Accepted">Taken into the buffer.</param>
/// <param name="Stored">In the database, orphans included.</param>
/// <param name="Refused">Not stored because intake refuses them, as a metric does that misses the property it measures; each is logged with the reason.</param>
/// <param name="Dropped">Lost: not taken because the buffer was full or closed, or still waiting when the shutdown's time was up.</param>
/// <param name="Pending">In the buffer, not yet known to be stored.</param>
/// <param name="Retries">How often a batch was sent again because the database failed.</param>
public sealed record UsageBufferCounts(long Accepted, long Stored, long Refused, long Dropped, long Pending, long Retries);
