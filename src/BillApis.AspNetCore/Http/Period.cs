using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>A half-open period of time.</summary>
internal sealed record Period(Instant Start, Instant End)
{
    public static Period From(Interval interval) => new(interval.Start, interval.End);
}
