using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>A half-open period of time.</summary>
internal sealed record Period(Instant Start, Instant End)
{
    public static Period From(Interval interval) => new(interval.Start, interval.End);

    /// <exception cref="BillingException">It does not end after it starts.</exception>
    public static Interval Between(Instant from, Instant to) => from < to ? new Interval(from, to) : throw BillingException.Field("to", "must be after from");
}
