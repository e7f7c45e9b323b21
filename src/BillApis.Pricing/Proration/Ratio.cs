using System.Globalization;
using System.Numerics;

namespace BillApis.Pricing;

/// <summary>An exact fraction of integers, for the quotients that a decimal cannot hold.</summary>
internal readonly record struct Ratio(BigInteger Numerator, BigInteger Denominator)
{
    public static Ratio Of(decimal value) => new(Exact.Unscaled(value), BigInteger.Pow(10, value.Scale));

    public static Ratio operator +(Ratio left, Ratio right) =>
        new((left.Numerator * right.Denominator) + (right.Numerator * left.Denominator), left.Denominator * right.Denominator);

    public static Ratio operator *(Ratio left, Ratio right) => new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

    public static Ratio operator /(Ratio left, Ratio right) =>
        right.Numerator.Sign < 0 ? new(left.Numerator * -right.Denominator, left.Denominator * -right.Numerator) : new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    public Ratio Multiply(BigInteger by, BigInteger dividedBy) => new(Numerator * by, Denominator * dividedBy);

    /// <summary>
    /// The fraction as a decimal: exact where it fits, else cut towards zero with a last digit that is never 0 or 5, so
    /// that no later rounding takes it for a tie or for a whole number that it is not.
    /// </summary>
    /// <param name="digits">How many fractional digits an inexact result has at most; fewer where its integer part is long.</param>
    public decimal ToDecimal(int digits)
    {
        var whole = BigInteger.Abs(Numerator / Denominator);
        var scale = Math.Min(digits, 28 - whole.ToString(CultureInfo.InvariantCulture).Length);
        var scaled = BigInteger.DivRem(Numerator * BigInteger.Pow(10, scale), Denominator, out var rest);
        if (!rest.IsZero && (scaled % 5).IsZero)
        {
            scaled += Numerator.Sign;
        }

        return Exact.Normalize((decimal)scaled / PowerOfTen(scale));
    }

    private static decimal PowerOfTen(int exponent) => (decimal)BigInteger.Pow(10, exponent);
}
