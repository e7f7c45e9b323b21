using NodaTime;

namespace BillApis;

/// <summary>Where a month's spend is heading: as the month before went, or in a straight line where there was none.</summary>
internal static class SpendForecast
{
    /// <summary>What the month will come to.</summary>
    /// <param name="spent">What was spent so far.</param>
    /// <param name="month">The month.</param>
    /// <param name="now">How far it is.</param>
    /// <param name="previousPart">What the month before had come to when as much of it was over.</param>
    /// <param name="previousWhole">What it came to in the end.</param>
    public static decimal Of(decimal spent, Interval month, Instant now, decimal previousPart, decimal previousWhole)
    {
        // The share of a month without spend by now says nothing.
        var (part, whole) = previousPart > 0 && previousWhole >= previousPart ? (previousPart, previousWhole) : (Seconds(now - month.Start), Seconds(month.Duration));
        return spent <= 0 || part <= 0 || part >= whole ? spent : Math.Round(spent / part * whole, SpendRecord.Scale, MidpointRounding.AwayFromZero);
    }

    /// <summary>The instant of another month at which as much of it is over as of this one now.</summary>
    public static Instant SamePart(Interval month, Instant now, Interval other) =>
        other.Start + Duration.FromTicks((long)(new System.Numerics.BigInteger((now - month.Start).BclCompatibleTicks) * other.Duration.BclCompatibleTicks / month.Duration.BclCompatibleTicks));

    private static decimal Seconds(Duration duration) => duration.BclCompatibleTicks / (decimal)TimeSpan.TicksPerSecond;
}
