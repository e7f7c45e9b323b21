using NodaTime;
using NodaTime.TimeZones;

namespace BillApis.Pricing;

/// <summary>All boundaries of a schedule, before and after its start: number 0 is the anchor.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="Date">The local date of the anchor; for months only its month counts.</param>
/// <param name="Day">The day of the month that is aimed at.</param>
/// <param name="Time">The local time of day of each boundary.</param>
internal readonly record struct BoundaryGrid(BillingSchedule Schedule, LocalDate Date, int Day, LocalTime Time)
{
    private static readonly ZoneLocalMappingResolver FirstValid = Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    public static BoundaryGrid Of(BillingSchedule schedule)
    {
        var origin = schedule.Anchor is InstantAnchor { Boundary: var at } ? at : schedule.Start;
        var (date, time) = origin.InZone(schedule.Zone).LocalDateTime;
        return schedule.Anchor switch
        {
            SubscriptionAnchor or InstantAnchor => new(schedule, date, date.Day, time),
            // The anchor lies in the month of the start: ahead of it, and the stub lasts days; behind it, and it lasts the rest of a whole period.
            DayAnchor day when schedule.Interval.Months > 0 => new(schedule, date, day.Day, LocalTime.Midnight),
            _ => new(schedule, UnitStart(date, schedule.Interval.Unit), 1, LocalTime.Midnight),
        };
    }

    public Instant Boundary(int number) =>
        (number, Schedule.Anchor) switch
        {
            (0, SubscriptionAnchor) => Schedule.Start,
            (0, InstantAnchor anchor) => anchor.Boundary,
            _ => InstantOf(LocalAt(number) + Time),
        };

    /// <summary>The number of the boundary that opens, or would open, the first period.</summary>
    public int First => Schedule.Anchor is SubscriptionAnchor ? 0 : NumberAt(Schedule.Start);

    /// <summary>The number of the last boundary that is not after the instant.</summary>
    public int NumberAt(Instant at)
    {
        var number = Estimate(at.InZone(Schedule.Zone).Date);
        while (Boundary(number) > at)
        {
            number--;
        }

        while (Boundary(number + 1) <= at)
        {
            number++;
        }

        return number;
    }

    // Where the offset never changes, every local time is there once.
    private Instant InstantOf(LocalDateTime local) =>
        Schedule.Zone.MinOffset == Schedule.Zone.MaxOffset ? local.WithOffset(Schedule.Zone.MinOffset).ToInstant() : Schedule.Zone.ResolveLocal(local, FirstValid).ToInstant();

    private LocalDate LocalAt(int number)
    {
        var interval = Schedule.Interval;
        if (interval.Days > 0)
        {
            return Date.PlusDays(number * interval.Days);
        }

        var month = Date.PlusDays(1 - Date.Day).PlusMonths(number * interval.Months);
        return month.PlusDays(Math.Min(Day, month.Calendar.GetDaysInMonth(month.Year, month.Month)) - 1);
    }

    // From the local date alone; at most a step or two off.
    private int Estimate(LocalDate date) =>
        Schedule.Interval.Days > 0
            ? FloorDivide(Period.DaysBetween(Date, date), Schedule.Interval.Days)
            : FloorDivide(((date.Year - Date.Year) * 12) + date.Month - Date.Month, Schedule.Interval.Months);

    private static LocalDate UnitStart(LocalDate date, IntervalUnit unit) => unit switch
    {
        IntervalUnit.Day => date,
        IntervalUnit.Week => date.PlusDays(1 - (int)date.DayOfWeek),
        _ => new LocalDate(date.Year, date.Month - ((date.Month - 1) % BillingInterval.MonthsOf(unit)), 1),
    };

    private static int FloorDivide(int value, int by) => (value / by) - (value % by < 0 ? 1 : 0);
}
