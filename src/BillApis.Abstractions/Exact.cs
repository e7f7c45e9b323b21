using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace BillApis;

/// <summary>Decimal arithmetic that refuses to lose a digit, and the one text form of a decimal.</summary>
public static class Exact
{
    /// <summary>The product, exact.</summary>
    /// <exception cref="OverflowException">The product needs more than 28 significant digits.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static decimal Multiply(decimal left, decimal right)
    {
        var product = left * right;
        return product.Scale == left.Scale + right.Scale ? product : MultiplyNormalized(Normalize(left), Normalize(right));
    }

    /// <summary>The sum, exact.</summary>
    /// <exception cref="OverflowException">The sum needs more than 28 significant digits.</exception>
    public static decimal Add(decimal left, decimal right)
    {
        var sum = left + right;
        return sum.Scale == Math.Max(left.Scale, right.Scale) ? sum : AddNormalized(Normalize(left), Normalize(right));
    }

    /// <summary>The same number without trailing zeros: 1.500 becomes 1.5.</summary>
    public static decimal Normalize(decimal value) => value.Scale == 0 ? value : value / 1.000_000_000_000_000_000_000_000_000_0m;

    /// <summary>The number as an integer, the last <see cref="decimal.Scale"/> digits of which are its fraction.</summary>
    public static BigInteger Unscaled(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var magnitude = unchecked(((UInt128)(uint)bits[2] << 64) | ((UInt128)(uint)bits[1] << 32) | (uint)bits[0]);
        return value < 0 ? -(BigInteger)magnitude : magnitude;
    }

    /// <summary>The one text form of a number: no exponent, no trailing zeros, a point in every culture.</summary>
    public static string Format(decimal value) => Normalize(value).ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a number of at most 15 integer and 12 fractional digits, exponents allowed; false where a digit would be lost.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out decimal value)
    {
        if (TryInteger(text, out value))
        {
            return true;
        }

        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var significant = 0;
        foreach (var letter in text)
        {
            if (letter is 'e' or 'E')
            {
                break;
            }

            significant += char.IsAsciiDigit(letter) && (significant > 0 || letter != '0') ? 1 : 0;
        }

        // Parsing rounds at 28 digits; a number that long is only taken where what is beyond them cannot matter.
        var parsed = decimal.TryParse(text, style, CultureInfo.InvariantCulture, out value) && significant <= 28;
        value = parsed ? Normalize(value) : 0;
        return parsed && value.Scale <= Limits.FractionDigits && Math.Abs(value) <= Limits.Magnitude && !(value == 0 && significant > 0);
    }

    // Most numbers are short integers, which nothing has to be cut off from.
    private static bool TryInteger(ReadOnlySpan<char> text, out decimal value)
    {
        const int digits = 15;
        value = 0;
        var number = 0L;
        if (text.Length is 0 or > digits)
        {
            return false;
        }

        foreach (var letter in text)
        {
            if (!char.IsAsciiDigit(letter))
            {
                return false;
            }

            number = number * 10 + letter - '0';
        }

        value = number;
        return true;
    }

    private static decimal MultiplyNormalized(decimal left, decimal right)
    {
        var product = left * right;
        return product.Scale == left.Scale + right.Scale || left == 0 || right == 0
            ? product
            : throw new OverflowException($"{Format(left)} × {Format(right)} has more digits than can be kept exactly.");
    }

    private static decimal AddNormalized(decimal left, decimal right)
    {
        var sum = left + right;
        return sum.Scale == Math.Max(left.Scale, right.Scale)
            ? sum
            : throw new OverflowException($"{Format(left)} + {Format(right)} has more digits than can be kept exactly.");
    }
}
