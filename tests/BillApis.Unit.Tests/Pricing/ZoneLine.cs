using NodaTime;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>A date, in whole numbers.</summary>
internal readonly record struct CalendarDay(int Year, int MonthOfYear, int Day)
{
    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>Months since year 0.</summary>
    public int Month => (Year * 12) + MonthOfYear - 1;

    /// <summary>Days since 1970.</summary>
    public long Number => new DateOnly(Year, MonthOfYear, Day).DayNumber - Epoch;

    /// <summary>The number of a day of a month, or of the month's last.</summary>
    public static long NumberOf(int month, int day) =>
        new DateOnly(month / 12, (month % 12) + 1, Math.Min(day, DateTime.DaysInMonth(month / 12, (month % 12) + 1))).DayNumber - Epoch;
}

/// <summary>How the clocks of one or more zones went in some years: from when on which offset, in seconds.</summary>
internal sealed class ZoneLine
{
    private const int Day = 86_400;
    private readonly (long Start, long End, int Offset)[] _parts;

    private ZoneLine(DateTimeZone zone, (long Start, long End, int Offset)[] parts, long end) => (Zone, _parts, End, Names) = (zone, parts, end, [zone.Id]);

    /// <summary>One of the zones.</summary>
    public DateTimeZone Zone { get; }

    /// <summary>All zones whose clocks went like this.</summary>
    public List<string> Names { get; }

    /// <summary>The end of the years, in seconds.</summary>
    public long End { get; }

    /// <summary>The different lines of all zones: what went alike is there once, under all its names.</summary>
    public static ZoneLine[] All(DateOnly from, DateOnly to)
    {
        var (start, end) = (Seconds(from), Seconds(to));
        var lines = new Dictionary<string, ZoneLine>(StringComparer.Ordinal);
        foreach (var zone in DateTimeZoneProviders.Tzdb.Ids.Order(StringComparer.Ordinal).Select(id => DateTimeZoneProviders.Tzdb[id]))
        {
            // A decade more on both sides, for the boundary before a start and for the period that is still open.
            var parts = zone.GetZoneIntervals(Instant.FromUnixTimeSeconds(start - (4_000L * Day)), Instant.FromUnixTimeSeconds(end + (4_000L * Day)))
                .Select(part => (Start: part.HasStart ? part.Start.ToUnixTimeSeconds() : long.MinValue / 2, End: part.HasEnd ? part.End.ToUnixTimeSeconds() : long.MaxValue / 2, Offset: part.WallOffset.Seconds))
                .ToArray();
            var key = string.Join(' ', parts.Where(part => part.End > start && part.Start < end).Select(part => (Math.Max(part.Start, start), Math.Min(part.End, end), part.Offset)));
            if (!lines.TryAdd(key, new ZoneLine(zone, parts, end)))
            {
                lines[key].Names.Add(zone.Id);
            }
        }

        return [.. lines.Values];
    }

    /// <summary>When the clocks first show a local time; where they skip it, when they go on after it.</summary>
    public long Resolve(long day, int time)
    {
        var local = (day * Day) + time;
        var (low, high) = (0, _parts.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _parts[middle].End + (2 * Day) <= local ? (middle + 1, high) : (low, middle);
        }

        while (local - _parts[low].Offset >= _parts[low].End)
        {
            low++;
        }

        return Math.Max(local - _parts[low].Offset, _parts[low].Start);
    }

    /// <summary>What the clocks show.</summary>
    public (long Day, int Time) Local(long instant)
    {
        var local = instant + _parts.Single(part => part.Start <= instant && instant < part.End).Offset;
        return (local / Day, (int)(local % Day));
    }

    private static long Seconds(DateOnly date) => (date.DayNumber - new DateOnly(1970, 1, 1).DayNumber) * (long)Day;
}
