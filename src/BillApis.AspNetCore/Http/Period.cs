using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>A half-open period of time.</summary>
internal sealed record Period(Instant Start, Instant End)
{
    /// <summary>Beyond any billing: what is counted by months or days ends somewhere.</summary>
    public static readonly Instant Latest = Instant.FromUtc(2200, 1, 1, 0, 0);

    private static readonly Instant Earliest = Instant.FromUtc(1900, 1, 1, 0, 0);

    public static Period From(Interval interval) => new(interval.Start, interval.End);

    /// <exception cref="BillingException">It does not end after it starts, or reaches beyond any billing.</exception>
    public static Interval Between(Instant from, Instant to) =>
        from < Earliest ? throw BillingException.Field("from", $"must not be before {Earliest}")
        : to > Latest ? throw BillingException.Field("to", $"must not be after {Latest}")
        : from < to ? new Interval(from, to) : throw BillingException.Field("to", "must be after from");
}
