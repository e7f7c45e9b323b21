using System.Numerics;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>The part of a period that was served, as an exact ratio of integers from 0 to 1.</summary>
[JsonConverter(typeof(ProrationFactorJson))]
public readonly record struct ProrationFactor
{
    private const int ResultDigits = 24;

    private readonly long _denominator;

    /// <summary>The ratio, in lowest terms.</summary>
    /// <param name="numerator">The served part, 0 to <paramref name="denominator"/>.</param>
    /// <param name="denominator">The whole.</param>
    public ProrationFactor(long numerator, long denominator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(denominator);
        ArgumentOutOfRangeException.ThrowIfNegative(numerator);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numerator, denominator);
        var common = (long)BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, _denominator) = (numerator / common, denominator / common);
    }

    /// <summary>A whole period.</summary>
    public static ProrationFactor Whole { get; } = new(1, 1);

    /// <summary>The served part.</summary>
    public long Numerator { get; }

    /// <summary>The whole that it is a part of.</summary>
    public long Denominator => _denominator == 0 ? 1 : _denominator;

    /// <summary>Whether nothing is left out.</summary>
    public bool IsWhole => Numerator == Denominator;

    /// <summary>Two parts of the same period together: never more than the whole.</summary>
    public static ProrationFactor operator +(ProrationFactor left, ProrationFactor right)
    {
        var (numerator, denominator) = (((BigInteger)left.Numerator * right.Denominator) + ((BigInteger)right.Numerator * left.Denominator), (BigInteger)left.Denominator * right.Denominator);
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        return numerator >= denominator ? Whole : new((long)(numerator / common), (long)(denominator / common));
    }

    /// <summary>The part that <paramref name="service"/> is of <paramref name="full"/>.</summary>
    /// <param name="proration">How parts are measured; by <see cref="Proration.None"/> each costs as much as the whole.</param>
    /// <param name="service">What was served; what reaches beyond the whole does not count.</param>
    /// <param name="full">The whole period.</param>
    /// <param name="zone">The zone that days are counted in.</param>
    public static ProrationFactor Of(Proration proration, Interval service, Interval full, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var (start, end) = (Instant.Max(service.Start, full.Start), Instant.Min(service.End, full.End));
        return (proration, full.Duration > Duration.Zero) switch
        {
            (Proration.None, _) or (_, false) => Whole,
            _ when end <= start => new(0, 1),
            _ when start == full.Start && end == full.End => Whole,
            (Proration.ByDay, _) when Days(full.Start, full.End, zone) is > 0 and var days => new(Days(start, end, zone), days),
            _ => new((end - start).BclCompatibleTicks, full.Duration.BclCompatibleTicks),
        };
    }

    /// <summary>This part of the amount.</summary>
    /// <returns>
    /// Exact where a decimal can be; otherwise cut at 24 significant digits or more so that rounding it to fewer, in any mode, gives what rounding the exact ratio would.
    /// </returns>
    public decimal Apply(decimal amount) => IsWhole ? amount : Ratio.Of(amount).Multiply(Numerator, Denominator).ToDecimal(ResultDigits);

    /// <summary>This part of another part of the amount: the one quotient of both, as exact as <see cref="Apply(decimal)"/>.</summary>
    public decimal Apply(decimal amount, ProrationFactor of) =>
        of.IsWhole ? Apply(amount) : Ratio.Of(amount).Multiply(Numerator, Denominator).Multiply(of.Numerator, of.Denominator).ToDecimal(ResultDigits);

    /// <summary>What this part of a period costs where a part that holds it costs an amount, as exact as <see cref="Apply(decimal)"/>.</summary>
    public decimal ApplyWithin(ProrationFactor part, decimal amount) =>
        this == part ? amount : part.Numerator == 0 ? 0 : Ratio.Of(amount).Multiply(Numerator, Denominator).Multiply(part.Denominator, part.Numerator).ToDecimal(ResultDigits);

    /// <summary>For example <c>17/31</c>.</summary>
    public override string ToString() => $"{Numerator}/{Denominator}";

    // Local dates, so that a day of 23 or 25 hours is a day; where a day is begun, it belongs to what begins there.
    private static long Days(Instant start, Instant end, DateTimeZone zone) =>
        Period.DaysBetween(start.InZone(zone).Date, end.InZone(zone).Date);
}
