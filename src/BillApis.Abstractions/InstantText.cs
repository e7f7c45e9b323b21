using NodaTime;

namespace BillApis;

/// <summary>The plain spelling of an instant, <c>2026-02-01T00:00:00Z</c> with a fraction where there is one, without patterns and their strings.</summary>
internal static class InstantText
{
    public const int MaxLength = 32;
    private const int Seconds = 19;
    private static readonly Instant First = Instant.FromUtc(1, 1, 1, 0, 0);

    /// <summary>Writes it; false before the year 1.</summary>
    public static bool TryWrite(Instant value, Span<byte> text, out int length)
    {
        length = 0;
        if (value < First)
        {
            return false;
        }

        var (date, time) = value.InUtc().LocalDateTime;
        Write(text, 0, 4, date.Year);
        Write(text, 5, 2, date.Month);
        Write(text, 8, 2, date.Day);
        Write(text, 11, 2, time.Hour);
        Write(text, 14, 2, time.Minute);
        Write(text, 17, 2, time.Second);
        (text[4], text[7], text[10], text[13], text[16]) = ((byte)'-', (byte)'-', (byte)'T', (byte)':', (byte)':');
        length = Seconds;
        if (time.NanosecondOfSecond is not 0 and var nanoseconds)
        {
            text[length] = (byte)'.';
            Write(text, length + 1, 9, nanoseconds);
            length = text[..(length + 10)].TrimEnd((byte)'0').Length;
        }

        text[length++] = (byte)'Z';
        return true;
    }

    /// <summary>Reads it where it has neither a fraction nor another offset, as nearly all have; false for any other text.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out Instant value)
    {
        value = default;
        if (text.Length != Seconds + 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[Seconds] != 'Z')
        {
            return false;
        }

        var (year, month, day) = (Read(text[..4]), Read(text[5..7]), Read(text[8..10]));
        var (hour, minute, second) = (Read(text[11..13]), Read(text[14..16]), Read(text[17..Seconds]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59)
        {
            return false;
        }

        value = Instant.FromUtc(year, month, day, hour, minute, second);
        return true;
    }

    private static void Write(Span<byte> text, int at, int digits, int number)
    {
        for (var i = at + digits - 1; i >= at; i--, number /= 10)
        {
            text[i] = (byte)('0' + (number % 10));
        }
    }

    // Less than zero for what is no number.
    private static int Read(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            number = (number * 10) + digit - '0';
        }

        return number;
    }
}
