using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>The time in which use counts against a quota.</summary>
internal static class QuotaWindow
{
    /// <summary>The window that holds an instant.</summary>
    public static Interval Of(UsageReset reset, Interval? period, DateTimeZone zone, Instant at)
    {
        var day = at.InZone(zone).Date;
        return reset switch
        {
            UsageReset.Period when period is { } current => current,
            UsageReset.Hour => Hour(zone, at),
            UsageReset.Day => Between(day, day.PlusDays(1), zone),
            UsageReset.Week => Between(day.With(DateAdjusters.PreviousOrSame(IsoDayOfWeek.Monday)), day.With(DateAdjusters.Next(IsoDayOfWeek.Monday)), zone),
            UsageReset.Never => new Interval(Instant.FromUnixTimeSeconds(0), null),
            _ => Month(zone, at),
        };
    }

    /// <summary>The month of a zone that holds an instant.</summary>
    public static Interval Month(DateTimeZone zone, Instant at)
    {
        var first = at.InZone(zone).Date.With(DateAdjusters.StartOfMonth);
        return Between(first, first.PlusMonths(1), zone);
    }

    private static Interval Hour(DateTimeZone zone, Instant at)
    {
        var start = OpenedWindow.Floor(UsageReset.Hour, at, zone);
        return new Interval(start, start + Duration.FromHours(1));
    }

    private static Interval Between(LocalDate start, LocalDate end, DateTimeZone zone) => new(zone.AtStartOfDay(start).ToInstant(), zone.AtStartOfDay(end).ToInstant());
}
