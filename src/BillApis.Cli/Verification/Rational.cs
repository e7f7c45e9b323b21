using System.Globalization;
using System.Numerics;
using BillApis.Pricing;

namespace BillApis.Cli.Verification;

/// <summary>An exact fraction of whole numbers; nothing here is shared with what rates and rounds in the engine.</summary>
internal readonly record struct Rational : IComparable<Rational>
{
    private readonly BigInteger _denominator;

    public Rational(BigInteger numerator, BigInteger denominator)
    {
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator) * denominator.Sign;
        (Numerator, _denominator) = (numerator / common, denominator / common);
    }

    public static Rational Zero { get; } = new(0, 1);

    public BigInteger Numerator { get; }

    public BigInteger Denominator => _denominator.IsZero ? BigInteger.One : _denominator;

    public static implicit operator Rational(long value) => new(value, 1);

    /// <summary>Reads a decimal number by its digits.</summary>
    public static implicit operator Rational(decimal value)
    {
        var text = value.ToString(CultureInfo.InvariantCulture);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? 0 : text.Length - point - 1;
        return new(BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), BigInteger.Pow(10, digits));
    }

    public static Rational operator +(Rational left, Rational right) => new((left.Numerator * right.Denominator) + (right.Numerator * left.Denominator), left.Denominator * right.Denominator);

    public static Rational operator -(Rational left, Rational right) => left + (-1 * right);

    public static Rational operator *(Rational left, Rational right) => new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

    public static Rational operator /(Rational left, Rational right) => new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    public static bool operator <(Rational left, Rational right) => left.CompareTo(right) < 0;

    public static bool operator >(Rational left, Rational right) => left.CompareTo(right) > 0;

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public static Rational Min(Rational left, Rational right) => left < right ? left : right;

    public static Rational Max(Rational left, Rational right) => left > right ? left : right;

    /// <summary>The largest whole number that is not more.</summary>
    public BigInteger Floor() => BigInteger.DivRem(Numerator, Denominator, out var rest) - (rest.Sign < 0 ? 1 : 0);

    /// <summary>Rounded to a number of decimal digits, half away from zero, as a whole number of the last of them.</summary>
    public BigInteger Round(int digits)
    {
        var scaled = Numerator * BigInteger.Pow(10, digits);
        return scaled.Sign * (((2 * BigInteger.Abs(scaled)) + Denominator) / (2 * Denominator));
    }

    /// <summary>The fraction that a whole number of a last digit is.</summary>
    public static Rational Of(BigInteger units, int digits) => new(units, BigInteger.Pow(10, digits));

    /// <summary>The fraction that a part of a period is.</summary>
    public static Rational Of(ProrationFactor part) => new(part.Numerator, part.Denominator);

    /// <summary>As a decimal number where it is one, else as a ratio.</summary>
    public override string ToString()
    {
        for (var digits = 0; digits <= 30; digits++)
        {
            if ((Numerator * BigInteger.Pow(10, digits) % Denominator).IsZero)
            {
                var text = (BigInteger.Abs(Numerator) * BigInteger.Pow(10, digits) / Denominator).ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
                return (Numerator.Sign < 0 ? "-" : "") + (digits == 0 ? text : $"{text[..^digits]}.{text[^digits..]}");
            }
        }

        return $"{Numerator}/{Denominator}";
    }
}
