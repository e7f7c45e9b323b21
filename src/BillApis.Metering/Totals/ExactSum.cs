using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace BillApis.Metering;

/// <summary>A sum of quantities in units of their last fractional digit, of any size: adding to it never overflows and never loses a digit.</summary>
internal readonly record struct ExactSum
{
    private const decimal UnitsPerOne = 1_000_000_000_000m;
    private static readonly Int128 LargestDecimal = (Int128)decimal.MaxValue;
    private static readonly long[] Powers = [.. Enumerable.Range(0, Limits.FractionDigits + 1).Select(digits => (long)BigInteger.Pow(10, digits))];
    private readonly Int128 _units;

    // Nearly all sums fit into 128 bits; of those that do not, this is all, and of the others nothing.
    private readonly BigInteger _large;

    public ExactSum(BigInteger units)
    {
        if (units >= Int128.MinValue && units <= Int128.MaxValue)
        {
            _units = (Int128)units;
        }
        else
        {
            _large = units;
        }
    }

    private ExactSum(Int128 units) => _units = units;

    /// <summary>How many units make one.</summary>
    public static BigInteger One { get; } = new(UnitsPerOne);

    /// <summary>How many there are.</summary>
    public BigInteger Units => _large.IsZero ? _units : _large;

    /// <summary>Whether it fits into a decimal.</summary>
    public bool IsDecimal => _large.IsZero && _units <= LargestDecimal && _units >= -LargestDecimal;

    /// <summary>The sum as a number without trailing zeros, where it <see cref="IsDecimal"/>.</summary>
    public decimal Value => Exact.Normalize((decimal)_units / UnitsPerOne);

    public static ExactSum Of(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var scale = Powers[Limits.FractionDigits - value.Scale];
        if (bits[2] != 0)
        {
            return new(Exact.Unscaled(value) * scale);
        }

        var units = unchecked((UInt128)(((ulong)(uint)bits[1] << 32) | (uint)bits[0]) * (ulong)scale);
        return new(decimal.IsNegative(value) ? -(Int128)units : (Int128)units);
    }

    public static ExactSum operator +(ExactSum left, ExactSum right)
    {
        var sum = unchecked(left._units + right._units);
        return left._large.IsZero && right._large.IsZero && ((left._units ^ sum) & (right._units ^ sum)) >= 0 ? new(sum) : new(left.Units + right.Units);
    }

    public static ExactSum operator *(ExactSum left, long right) =>
        left._large.IsZero && left._units >= long.MinValue && left._units <= long.MaxValue ? new(unchecked(left._units * right)) : new(left.Units * right);

    /// <summary>Reads what <see cref="ToString"/> or a database wrote.</summary>
    public static ExactSum Parse(ReadOnlySpan<char> text)
    {
        // So many digits fit into 64 and 128 bits, whatever they are.
        const int few = 18;
        const int sure = 38;
        var point = text.IndexOf('.');
        if (point < 0)
        {
            return text.Length <= few ? new((Int128)long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * (Int128)UnitsPerOne) : new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * One);
        }

        Span<char> digits = stackalloc char[text.Length + Limits.FractionDigits];
        var fraction = text[(point + 1)..].TrimEnd('0');
        text[..point].CopyTo(digits);
        fraction.CopyTo(digits[point..]);
        digits[(point + fraction.Length)..(point + Limits.FractionDigits)].Fill('0');
        digits = digits[..(point + Limits.FractionDigits)];
        return digits.Length <= sure ? new(Int128.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)) : new(BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    /// <summary>Reads the bytes of its units, as <see cref="BigInteger.ToByteArray()"/> makes them.</summary>
    public static ExactSum Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > 16)
        {
            return new(new BigInteger(bytes));
        }

        Span<byte> all = stackalloc byte[16];
        all.Fill(bytes[^1] < 0x80 ? byte.MinValue : byte.MaxValue);
        bytes.CopyTo(all);
        return new(BinaryPrimitives.ReadInt128LittleEndian(all));
    }

    /// <summary>The number as <see cref="Exact.Format"/> writes it, whatever its size.</summary>
    public override string ToString()
    {
        if (IsDecimal)
        {
            return Exact.Format(Value);
        }

        var digits = BigInteger.Abs(Units).ToString(CultureInfo.InvariantCulture);
        var fraction = digits[^Limits.FractionDigits..].TrimEnd('0');
        return $"{(Units.Sign < 0 ? "-" : "")}{digits[..^Limits.FractionDigits]}{(fraction.Length == 0 ? "" : ".")}{fraction}";
    }
}
