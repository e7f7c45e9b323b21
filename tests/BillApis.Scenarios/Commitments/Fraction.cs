using System.Numerics;

namespace BillApis.Scenarios.Commitments;

/// <summary>A fraction of whole numbers: nothing is lost of it until it is rounded to cents.</summary>
internal readonly record struct Fraction(BigInteger Over, BigInteger Under)
{
    private const int Scale = 1_000_000_000;

    public static Fraction Of(decimal value) => new(new BigInteger(value * Scale), Scale);

    /// <summary>Whole cents, halves away from zero.</summary>
    public long Cents => (long)(Over.Sign * (((BigInteger.Abs(Over) * 200) + Under) / (2 * Under)));

    public static Fraction operator *(Fraction left, Fraction right) => new(left.Over * right.Over, left.Under * right.Under);
}
