using System.Numerics;

namespace BillApis.Metering;

/// <summary>How a metric rounds its quantity before it is priced.</summary>
/// <param name="Mode">The direction.</param>
/// <param name="Scale">How many fractional digits are left, 0 to 12; below zero for tens, hundreds, thousands.</param>
public sealed record QuantityRounding(RoundingDirection Mode, int Scale)
{
    private const int LeastScale = -12;

    /// <summary>The rounded quantity.</summary>
    public decimal Round(decimal quantity) => Round(Exact.Unscaled(quantity), BigInteger.Pow(10, quantity.Scale));

    /// <summary>The rounded quotient: it is rounded once, whatever its digits.</summary>
    /// <exception cref="OverflowException">It has more digits than a decimal holds.</exception>
    internal decimal Round(BigInteger numerator, BigInteger denominator)
    {
        var (up, down) = (BigInteger.Pow(10, Math.Max(Scale, 0)), BigInteger.Pow(10, Math.Max(-Scale, 0)));
        var rounded = Whole(numerator * up, denominator * down) * down;
        return Exact.Normalize((decimal)rounded / (decimal)up);
    }

    private BigInteger Whole(BigInteger numerator, BigInteger denominator)
    {
        var (floor, rest) = (BigInteger.DivRem(numerator, denominator, out var remainder), remainder);
        if (rest.Sign < 0)
        {
            (floor, rest) = (floor - 1, rest + denominator);
        }

        var half = (rest * 2).CompareTo(denominator);
        var isUp = Mode switch
        {
            RoundingDirection.Up => !rest.IsZero,
            RoundingDirection.Down => false,
            RoundingDirection.HalfEven => half > 0 || (half == 0 && !floor.IsEven),
            _ => half > 0 || (half == 0 && numerator.Sign > 0),
        };
        return isUp ? floor + 1 : floor;
    }

    internal void Validate() => Check.Range("rounding.scale", Scale, LeastScale, Limits.FractionDigits);
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
