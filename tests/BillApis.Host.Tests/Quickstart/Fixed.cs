using System.Globalization;
using System.Numerics;

namespace BillApis.Host.Tests.Quickstart;

/// <summary>Whole numbers of 10⁻²⁴: arithmetic of the tests' own, to check the engine's against.</summary>
internal readonly record struct Fixed(BigInteger Units)
{
    private const int Digits = 24;
    private static readonly BigInteger One = BigInteger.Pow(10, Digits);

    public static Fixed Parse(string text)
    {
        var parts = text.Replace(",", "", StringComparison.Ordinal).Split('.');
        var fraction = (parts.Length > 1 ? parts[1] : "").PadRight(Digits, '0');
        return new(BigInteger.Parse(parts[0] + fraction[..Digits], CultureInfo.InvariantCulture));
    }

    public static Fixed operator +(Fixed left, Fixed right) => new(left.Units + right.Units);

    public static Fixed operator -(Fixed left, Fixed right) => new(left.Units - right.Units);

    /// <summary>The product, which must not need more digits.</summary>
    public static Fixed operator *(Fixed left, Fixed right)
    {
        var product = BigInteger.DivRem(left.Units * right.Units, One, out var rest);
        rest.ShouldBe(BigInteger.Zero);
        return new(product);
    }

    public Fixed Abs() => new(BigInteger.Abs(Units));

    /// <summary>In cents, half away from zero.</summary>
    public long Cents()
    {
        var unit = One / 100;
        var cents = BigInteger.DivRem(BigInteger.Abs(Units) + (unit / 2), unit, out _);
        return (long)(Units.Sign * cents);
    }

    public static Fixed Sum(IEnumerable<Fixed> items) => items.Aggregate(new Fixed(0), (sum, item) => sum + item);
}
