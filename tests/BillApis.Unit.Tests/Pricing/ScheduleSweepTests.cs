using BillApis.Pricing;
using NodaTime;
using NodaTime.TimeZones;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Every zone, 2000 to 2040, every anchor day, every interval: contiguous, never overlapping, never drifting.</summary>
public sealed class ScheduleSweepTests
{
    private const int Years = 40;
    private static readonly LocalTime Time = new(2, 30);

    // Local time lines that are the same under several names are swept once.
    private static readonly DateTimeZone[] Zones = [.. TzdbDateTimeZoneSource.Default.CanonicalIdMap.Values.Distinct().Order(StringComparer.Ordinal).Select(id => DateTimeZoneProviders.Tzdb[id])];

    [Theory]
    [InlineData(IntervalUnit.Month, 1)]
    [InlineData(IntervalUnit.Quarter, 3)]
    [InlineData(IntervalUnit.HalfYear, 6)]
    [InlineData(IntervalUnit.Year, 12)]
    public void Months_keep_their_anchor_day(IntervalUnit unit, int months)
    {
        Zones.Length.ShouldBeGreaterThan(300);
        Parallel.ForEach(Zones, zone =>
        {
            for (var day = 1; day <= 31; day++)
            {
                Sweep(zone, new LocalDate(2000, 1, day) + Time, new(unit, 1), (date, number) =>
                {
                    var month = new LocalDate(2000, 1, 1).PlusMonths(number * months);
                    return date == month.PlusDays(Math.Min(day, CalendarSystem.Iso.GetDaysInMonth(month.Year, month.Month)) - 1);
                });
            }
        });
    }

    [Theory]
    [InlineData(IntervalUnit.Week, 7)]
    [InlineData(IntervalUnit.Day, 1)]
    public void Days_keep_their_distance(IntervalUnit unit, int days) =>
        Parallel.ForEach(Zones, zone => Sweep(zone, new LocalDate(2000, 1, 5) + Time, new(unit, 1), (date, number) => date == new LocalDate(2000, 1, 5).PlusDays(number * days)));

    private static void Sweep(DateTimeZone zone, LocalDateTime start, BillingInterval interval, Func<LocalDate, int, bool> expected)
    {
        var schedule = new BillingSchedule(zone, zone.AtLeniently(start).ToInstant(), BillingAnchor.Subscription, interval);
        var previous = schedule.PeriodAt(0);
        for (var number = 1; previous.End.InZone(zone).Year < 2000 + Years; number++)
        {
            var period = schedule.PeriodAt(number);
            if (period.Start != previous.End || period.End < period.Start || period.IsStub || !Lands(zone, period.Start, number, expected))
            {
                Assert.Fail($"{zone} {start} {interval} period {number}: {period}");
            }

            previous = period;
        }
    }

    // On the expected local date and time; where the clocks skip that time, at the first instant after the gap.
    private static bool Lands(DateTimeZone zone, Instant boundary, int number, Func<LocalDate, int, bool> expected)
    {
        var local = boundary.InZone(zone);
        var gap = zone.GetZoneInterval(boundary).HasStart && zone.GetZoneInterval(boundary).Start == boundary;
        return (expected(local.Date, number) && local.TimeOfDay == Time)
            || (gap && (expected(local.Date, number) || expected(local.Date.PlusDays(-1), number)));
    }
}
