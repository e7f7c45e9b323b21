namespace BillApis.Metering;

/// <summary>How a metric rounds its quantity before it is priced.</summary>
/// <param name="Mode">The direction.</param>
/// <param name="Scale">How many fractional digits are left, 0 to 12; below zero for tens, hundreds, thousands.</param>
public sealed record QuantityRounding(RoundingDirection Mode, int Scale)
{
    private const int LeastScale = -12;

    /// <summary>The rounded quantity.</summary>
    public decimal Round(decimal quantity)
    {
        var mode = Mode switch
        {
            RoundingDirection.Up => MidpointRounding.ToPositiveInfinity,
            RoundingDirection.Down => MidpointRounding.ToNegativeInfinity,
            RoundingDirection.HalfEven => MidpointRounding.ToEven,
            _ => MidpointRounding.AwayFromZero,
        };
        var unit = Power(-Math.Min(Scale, 0));
        return Exact.Multiply(Math.Round(quantity / unit, Math.Max(Scale, 0), mode), unit);
    }

    internal void Validate() => Check.Range("rounding.scale", Scale, LeastScale, Limits.FractionDigits);

    private static decimal Power(int exponent) => Enumerable.Repeat(10m, exponent).Aggregate(1m, (product, ten) => product * ten);
}

/// <summary>Which way a quantity is rounded.</summary>
public enum RoundingDirection
{
    /// <summary>To the nearest, half away from zero.</summary>
    HalfUp,

    /// <summary>To the nearest, half to the even digit.</summary>
    HalfEven,

    /// <summary>Toward more.</summary>
    Up,

    /// <summary>Toward less.</summary>
    Down,
}
