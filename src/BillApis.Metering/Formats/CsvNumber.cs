namespace BillApis.Metering;

/// <summary>Tells numbers from texts: what JSON would spell as a number is one, so that an event is the same in either form; "007" stays a text.</summary>
internal static class CsvNumber
{
    public static bool Is(ReadOnlySpan<byte> value)
    {
        var digits = value.StartsWith("-"u8) ? value[1..] : value;
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits : digits[..point];
        return whole.Length is >= 1 and <= 15 && AreDigits(whole) && (whole[0] != '0' || whole.Length == 1)
            && (point < 0 || (digits.Length - point - 1 is >= 1 and <= Limits.FractionDigits && AreDigits(digits[(point + 1)..])));
    }

    private static bool AreDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
