using System.Globalization;
using System.Numerics;

namespace BillApis.Metering;

/// <summary>A sum of quantities in units of their last fractional digit, of any size: adding to it never overflows and never loses a digit.</summary>
internal readonly record struct ExactSum(BigInteger Units)
{
    private const decimal UnitsPerOne = 1_000_000_000_000m;
    private const decimal LargestLong = 9_000_000m;
    private static readonly BigInteger LargestDecimal = new(decimal.MaxValue);

    /// <summary>How many units make one.</summary>
    public static BigInteger One { get; } = new(UnitsPerOne);

    public static ExactSum Of(decimal value) =>
        new(value is < LargestLong and > -LargestLong ? (long)(value * UnitsPerOne) : Exact.Unscaled(value) * BigInteger.Pow(10, Limits.FractionDigits - value.Scale));

    public static ExactSum operator +(ExactSum left, ExactSum right) => new(left.Units + right.Units);

    public static ExactSum operator *(ExactSum left, long right) => new(left.Units * right);

    /// <summary>Reads what <see cref="ToString"/> or a database wrote.</summary>
    public static ExactSum Parse(ReadOnlySpan<char> text)
    {
        var point = text.IndexOf('.');
        if (point < 0)
        {
            return new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * One);
        }

        Span<char> digits = stackalloc char[text.Length + Limits.FractionDigits];
        var fraction = text[(point + 1)..].TrimEnd('0');
        text[..point].CopyTo(digits);
        fraction.CopyTo(digits[point..]);
        digits[(point + fraction.Length)..(point + Limits.FractionDigits)].Fill('0');
        return new(BigInteger.Parse(digits[..(point + Limits.FractionDigits)], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    /// <summary>The number as <see cref="Exact.Format"/> writes it, whatever its size.</summary>
    public override string ToString()
    {
        if (BigInteger.Abs(Units) <= LargestDecimal)
        {
            return Exact.Format((decimal)Units / UnitsPerOne);
        }

        var digits = BigInteger.Abs(Units).ToString(CultureInfo.InvariantCulture);
        var fraction = digits[^Limits.FractionDigits..].TrimEnd('0');
        return $"{(Units.Sign < 0 ? "-" : "")}{digits[..^Limits.FractionDigits]}{(fraction.Length == 0 ? "" : ".")}{fraction}";
    }
}
