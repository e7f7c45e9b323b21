using NodaTime;

namespace BillApis.Metering;

/// <summary>The lengths that a summary is cut into.</summary>
public enum UsageWindow
{
    /// <summary>Not cut.</summary>
    None,

    /// <summary>Hours of the zone's clock.</summary>
    Hour,

    /// <summary>Days of the zone's calendar, 23 to 25 hours long.</summary>
    Day,

    /// <summary>Months of the zone's calendar.</summary>
    Month,
}

/// <summary>Cuts time at the hours, days or months of a zone.</summary>
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

    private static Instant End(Instant start, UsageWindow window, DateTimeZone zone)
    {
        var local = start.InZone(zone);
        return window switch
        {
            UsageWindow.Hour => NextHour(local),
            UsageWindow.Day => zone.AtStartOfDay(local.Date.PlusDays(1)).ToInstant(),
            _ => zone.AtStartOfDay(local.Date.With(DateAdjusters.StartOfMonth).PlusMonths(1)).ToInstant(),
        };
    }

    // Where the clock changes inside an hour, the hour ends there: its two parts are read apart.
    private static Instant NextHour(ZonedDateTime local)
    {
        var next = local.ToInstant() + Duration.FromHours(1) - (local.TimeOfDay - LocalTime.FromHourMinuteSecondTick(local.Hour, 0, 0, 0)).ToDuration();
        var rules = local.GetZoneInterval();
        return rules.HasEnd ? Instant.Min(next, rules.End) : next;
    }
}
