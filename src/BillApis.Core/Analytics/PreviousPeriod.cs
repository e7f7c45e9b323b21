using NodaTime;

namespace BillApis;

/// <summary>Finds what a period is compared with.</summary>
internal static class PreviousPeriod
{
    /// <summary>As many months before where both ends are the start of a month, as many days where both are the start of a day, else the same time.</summary>
    public static Interval Of(Interval period, DateTimeZone zone)
    {
        var (start, end) = (period.Start.InZone(zone).LocalDateTime, period.End.InZone(zone).LocalDateTime);
        var isDays = zone.AtStartOfDay(start.Date).ToInstant() == period.Start && zone.AtStartOfDay(end.Date).ToInstant() == period.End;
        if (!isDays)
        {
            return new Interval(period.Start - period.Duration, period.Start);
        }

        var before = start.Day == 1 && end.Day == 1
            ? start.Date.PlusMonths(-Period.Between(start.Date, end.Date, PeriodUnits.Months).Months)
            : start.Date.PlusDays(-Period.DaysBetween(start.Date, end.Date));
        return new Interval(zone.AtStartOfDay(before).ToInstant(), period.Start);
    }

    /// <summary>The same hours of the clock some weeks before; null where the clocks changed then and there are none.</summary>
    public static Interval? WeeksBefore(Interval period, int weeks, DateTimeZone zone)
    {
        var (start, end) = (Before(period.Start), Before(period.End));
        return start < end ? new Interval(start, end) : null;

        Instant Before(Instant at) => zone.AtLeniently(at.InZone(zone).LocalDateTime.PlusWeeks(-weeks)).ToInstant();
    }
}
