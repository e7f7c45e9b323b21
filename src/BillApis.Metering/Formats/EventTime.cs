using System.Text;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Metering;

/// <summary>Reads the timestamps of events (RFC 3339); anything finer than a microsecond is cut off.</summary>
internal static class EventTime
{
    private const int SecondsLength = 19;
    private static readonly int[] Powers = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

    public static bool TryParse(ReadOnlySpan<byte> utf8, out Instant at) => TryUtc(utf8, out at) || TryAny(Encoding.UTF8.GetString(utf8), out at);

    private static bool TryAny(string text, out Instant at)
    {
        var parsed = OffsetDateTimePattern.Rfc3339.Parse(text);
        parsed = parsed.Success ? parsed : OffsetDateTimePattern.Rfc3339.Parse(text.ToUpperInvariant());
        at = parsed.Success ? Instant.FromUnixTimeTicks(parsed.Value.ToInstant().ToUnixTimeTicks() / 10 * 10) : default;
        return parsed.Success;
    }

    // The usual spelling, 2026-02-01T00:00:00.123456Z, without a detour over a pattern.
    private static bool TryUtc(ReadOnlySpan<byte> text, out Instant at)
    {
        at = default;
        if (text.Length <= SecondsLength || text[^1] != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..10], out var day)
            || !TryDigits(text[11..13], out var hour) || !TryDigits(text[14..16], out var minute) || !TryDigits(text[17..19], out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > CalendarSystem.Iso.GetDaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59
            || !TryFraction(text[SecondsLength..^1], out var ticks))
        {
            return false;
        }

        at = Instant.FromUnixTimeTicks((((Days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * NodaConstants.TicksPerSecond + ticks / 10 * 10);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var letter in text)
        {
            if (letter is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = number * 10 + letter - '0';
        }

        return true;
    }

    private static bool TryFraction(ReadOnlySpan<byte> text, out int ticks)
    {
        ticks = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        var digits = text[1..Math.Min(text.Length, 8)];
        var isFraction = text[0] == '.' && text.Length is > 1 and <= 10 && TryDigits(digits, out ticks) && TryDigits(text[1..], out _);
        ticks = isFraction ? ticks * Powers[digits.Length - 1] : 0;
        return isFraction;
    }

    // Days since 1970 in the Gregorian calendar, counted from March so that the leap day comes last.
    private static long Days(int year, int month, int day)
    {
        var (y, m) = month > 2 ? (year, month - 3) : (year - 1, month + 9);
        return 365L * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    }
}
