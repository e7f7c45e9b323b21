using NodaTime;

namespace BillApis.Pricing;

/// <summary>The endless row of billing periods of a subscription: contiguous, half-open, and never drifting.</summary>
/// <remarks>
/// Boundary n is the anchor plus n intervals in the zone, never the previous boundary plus one. A local time that a
/// change of the clocks skips or repeats maps to the first valid instant.
/// </remarks>
/// <param name="Zone">The zone that days and months are counted in.</param>
/// <param name="Start">Where period 0 starts.</param>
/// <param name="Anchor">What the boundaries are counted from.</param>
/// <param name="Interval">How long one period is.</param>
public sealed record BillingSchedule(DateTimeZone Zone, Instant Start, BillingAnchor Anchor, BillingInterval Interval)
{
    /// <summary>The period of this number; period 0 begins at <see cref="Start"/> and may be a stub.</summary>
    public BillingPeriod PeriodAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var grid = BoundaryGrid.Of(this);
        var number = grid.First + index;
        var (fullStart, end) = (grid.Boundary(number), grid.Boundary(number + 1));
        return new(index == 0 ? Start : fullStart, end, fullStart, end);
    }

    /// <summary>The number of the period that the instant lies in.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant lies before <see cref="Start"/>.</exception>
    public int IndexAt(Instant at)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(at, Start);
        var grid = BoundaryGrid.Of(this);
        return grid.NumberAt(at) - grid.First;
    }

    /// <summary>The first boundary strictly after the instant; <see cref="Start"/> is the first of all.</summary>
    public Instant NextBoundary(Instant after)
    {
        var grid = BoundaryGrid.Of(this);
        return after < Start ? Start : grid.Boundary(grid.NumberAt(after) + 1);
    }

    /// <summary>Whether a period starts exactly here.</summary>
    public bool IsBoundary(Instant at)
    {
        var grid = BoundaryGrid.Of(this);
        return at == Start || (at > Start && grid.Boundary(grid.NumberAt(at)) == at);
    }
}
