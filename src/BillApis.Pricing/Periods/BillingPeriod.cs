using NodaTime;

namespace BillApis.Pricing;

/// <summary>One half-open billing period <c>[Start, End)</c>.</summary>
/// <param name="Start">The first instant that is billed.</param>
/// <param name="End">The first instant that is not.</param>
/// <param name="FullStart">Where the whole period starts that this one is cut from.</param>
/// <param name="FullEnd">Where the whole period ends.</param>
public readonly record struct BillingPeriod(Instant Start, Instant End, Instant FullStart, Instant FullEnd)
{
    /// <summary>Whether this is only a part of a whole period, to be prorated.</summary>
    public bool IsStub => Start != FullStart || End != FullEnd;

    /// <summary>Whether the instant lies in <c>[Start, End)</c>.</summary>
    public bool Contains(Instant at) => Start <= at && at < End;
}
