using NodaTime;

namespace BillApis.Metering;

/// <summary>The lengths that a summary is cut into.</summary>
public enum UsageWindow
{
    /// <summary>Not cut.</summary>
    None,

    /// <summary>Seconds.</summary>
    Second,

    /// <summary>Minutes of the zone's clock.</summary>
    Minute,

    /// <summary>Hours of the zone's clock.</summary>
    Hour,

    /// <summary>Days of the zone's calendar, 23 to 25 hours long.</summary>
    Day,

    /// <summary>Months of the zone's calendar.</summary>
    Month,
}

/// <summary>What becomes of windows that an asked interval begins or ends within.</summary>
public enum WindowAlignment
{
    /// <summary>They are cut where the interval begins and ends.</summary>
    Clip,

    /// <summary>The interval grows to whole windows.</summary>
    Expand,
}

/// <summary>Cuts time at the seconds, minutes, hours, days or months of a zone.</summary>
public static class UsageWindows
{
    /// <summary>The windows that make up an interval, without gap or overlap; the first and the last end where the interval does.</summary>
    /// <exception cref="BillingException">There are more than <see cref="Limits.WindowsPerSummary"/>.</exception>
    public static IReadOnlyList<Interval> Of(Interval interval, UsageWindow window, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var windows = new List<Interval>();
        for (var start = interval.Start; start < interval.End;)
        {
            var end = window is UsageWindow.None ? interval.End : Instant.Min(End(start, window, zone), interval.End);
            windows.Add(new Interval(start, end));
            start = end;
            if (windows.Count > Limits.WindowsPerSummary)
            {
                throw BillingException.Field("window", $"cuts the interval into more than {Limits.WindowsPerSummary} windows; ask for a shorter interval or a longer window");
            }
        }

        return windows;
    }

    /// <summary>The interval, grown to whole windows at both ends.</summary>
    public static Interval Expand(Interval interval, UsageWindow window, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        if (window is UsageWindow.None || interval.Start >= interval.End)
        {
            return interval;
        }

        return new Interval(Start(interval.Start, window, zone), End(interval.End - Duration.Epsilon, window, zone));
    }

    private static Instant Start(Instant at, UsageWindow window, DateTimeZone zone)
    {
        var local = at.InZone(zone);
        return window switch
        {
            UsageWindow.Month => zone.AtStartOfDay(local.Date.With(DateAdjusters.StartOfMonth)).ToInstant(),
            UsageWindow.Day => zone.AtStartOfDay(local.Date).ToInstant(),
            _ => local.GetZoneInterval() is { HasStart: true } rules ? Instant.Max(at - Elapsed(local, window), rules.Start) : at - Elapsed(local, window),
        };
    }

    private static Instant End(Instant start, UsageWindow window, DateTimeZone zone)
    {
        var local = start.InZone(zone);
        return window switch
        {
            UsageWindow.Month => zone.AtStartOfDay(local.Date.With(DateAdjusters.StartOfMonth).PlusMonths(1)).ToInstant(),
            UsageWindow.Day => zone.AtStartOfDay(local.Date.PlusDays(1)).ToInstant(),

            // Where the clock changes inside an hour, the hour ends there: its two parts are read apart.
            _ => local.GetZoneInterval() is { HasEnd: true } rules ? Instant.Min(start - Elapsed(local, window) + Length(window), rules.End) : start - Elapsed(local, window) + Length(window),
        };
    }

    private static Duration Elapsed(ZonedDateTime local, UsageWindow window) => Duration.FromNanoseconds(local.NanosecondOfDay % Length(window).ToInt64Nanoseconds());

    private static Duration Length(UsageWindow window) => Duration.FromSeconds(window switch { UsageWindow.Hour => 3_600, UsageWindow.Minute => 60, _ => 1 });
}
