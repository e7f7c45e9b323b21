using NodaTime;
using NodaTime.Text;

namespace BillApis.Testing;

/// <summary>Instants as scenarios write them: <c>2026-01-31</c>, or <c>2026-01-31T10:30</c>, in a zone; with <c>Z</c> in UTC.</summary>
public static class Day
{
    private static readonly LocalDatePattern Date = LocalDatePattern.Iso;
    private static readonly LocalDateTimePattern[] Times = [LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm"), LocalDateTimePattern.ExtendedIso];

    /// <summary>The instant that a text means.</summary>
    /// <param name="text">The date, with or without a time.</param>
    /// <param name="zone">The zone that it is told in, where it does not end in <c>Z</c>; UTC where null.</param>
    /// <exception cref="FormatException">It is not a date.</exception>
    public static Instant Of(string text, DateTimeZone? zone = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (told, place) = text.EndsWith('Z') ? (text[..^1], DateTimeZone.Utc) : (text, zone ?? DateTimeZone.Utc);
        var local = Date.Parse(told) is { Success: true, Value: var date } ? date.AtMidnight()
            : Times.Select(pattern => pattern.Parse(told)).FirstOrDefault(parsed => parsed.Success) is { } time ? time.Value
            : throw new FormatException($"'{text}' is not a date like 2026-01-31 or 2026-01-31T10:30.");
        return local.InZoneLeniently(place).ToInstant();
    }

    /// <summary>An instant as scenarios write it: without a time where that is midnight.</summary>
    public static string Write(Instant at, DateTimeZone? zone = null)
    {
        var local = at.InZone(zone ?? DateTimeZone.Utc).LocalDateTime;
        return local.TimeOfDay == LocalTime.Midnight ? Date.Format(local.Date) : local.Second == 0 && local.NanosecondOfSecond == 0 ? Times[0].Format(local) : Times[1].Format(local);
    }
}
