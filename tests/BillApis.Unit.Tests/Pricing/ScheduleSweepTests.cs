using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Every zone, 2000 to 2040, every anchor, every interval and many counts: contiguous, never overlapping, never drifting, against whole-number arithmetic that shares no code with the engine.</summary>
public sealed class ScheduleSweepTests
{
    private static readonly ZoneLine[] Lines = ZoneLine.All(new(2000, 1, 1), new(2041, 1, 1));

    // Where many clocks change.
    private const int HalfPastTwo = 9_000;

    public static TheoryData<IntervalUnit, int> Units => new()
    {
        { IntervalUnit.Month, 1 }, { IntervalUnit.Month, 2 }, { IntervalUnit.Month, 5 }, { IntervalUnit.Month, 13 },
        { IntervalUnit.Quarter, 1 }, { IntervalUnit.Quarter, 3 }, { IntervalUnit.HalfYear, 1 }, { IntervalUnit.HalfYear, 3 },
        { IntervalUnit.Year, 1 }, { IntervalUnit.Year, 2 }, { IntervalUnit.Year, 7 },
    };

    [Fact]
    public void Every_zone_of_the_database_lies_on_one_of_the_lines_that_are_swept() =>
        Lines.Sum(line => line.Names.Count).ShouldBe(DateTimeZoneProviders.Tzdb.Ids.Count);

    [Theory]
    [MemberData(nameof(Units))]
    public void Months_keep_the_day_that_the_subscription_began(IntervalUnit unit, int count) => Sweep(unit, count, 31, (start, time, _) => (BillingAnchor.Subscription, start.Month, start.Day, time));

    [Theory]
    [MemberData(nameof(Units))]
    public void Months_keep_the_day_that_is_fixed(IntervalUnit unit, int count) => Sweep(unit, count, 31, (start, _, _) => (BillingAnchor.OnDay(32 - start.Day), start.Month, 32 - start.Day, 0));

    [Theory]
    [MemberData(nameof(Units))]
    public void Months_of_the_calendar_begin_on_the_first(IntervalUnit unit, int count) => Sweep(unit, count, 3, (start, _, length) => (BillingAnchor.Calendar, start.Month - (start.Month % length), 1, 0));

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 5, 1)]
    [InlineData(1, 10, 2)]
    [InlineData(1, 90, 5)]
    [InlineData(1, 400, 31)]
    [InlineData(7, 1, 2)]
    [InlineData(7, 2, 2)]
    [InlineData(7, 5, 7)]
    [InlineData(7, 26, 7)]
    public void Days_and_weeks_keep_their_distance(int length, int count, int starts) => Parallel.ForEach(Lines, line =>
    {
        var interval = new BillingInterval(length == 7 ? IntervalUnit.Week : IntervalUnit.Day, count);
        for (var day = 1; day <= starts; day++)
        {
            var start = new CalendarDay(2000, 1, day).Number;
            var from = line.Resolve(start, HalfPastTwo);
            var monday = start - ((start + 3) % length);
            Walk(line, from, BillingAnchor.Subscription, interval, n => (start + (n * length * count), line.Local(from).Time));
            Walk(line, from, day % 2 == 0 ? BillingAnchor.OnDay(31) : BillingAnchor.Calendar, interval, n => (monday + (n * length * count), 0));
        }
    });

    private static void Sweep(IntervalUnit unit, int count, int days, Func<CalendarDay, int, int, (BillingAnchor Anchor, int Month, int Day, int Time)> grid)
    {
        var months = unit switch { IntervalUnit.Month => 1, IntervalUnit.Quarter => 3, IntervalUnit.HalfYear => 6, _ => 12 };
        Parallel.ForEach(Lines, line =>
        {
            for (var day = 1; day <= days; day++)
            {
                // Starts are spread over the months, so that calendars have to find the first one of theirs.
                var month = 1 + ((day * 5) % 12);
                var start = new CalendarDay(2000, month, Math.Min(day, DateTime.DaysInMonth(2000, month)));
                var from = line.Resolve(start.Number, HalfPastTwo);
                var (anchor, first, aimed, time) = grid(start, line.Local(from).Time, months);
                Walk(line, from, anchor, new(unit, count), n => (CalendarDay.NumberOf(first + (n * months * count), aimed), time));
            }
        });
    }

    // Compares each period with the boundaries around it, the first of which may lie before the start.
    private static void Walk(ZoneLine line, long from, BillingAnchor anchor, BillingInterval interval, Func<int, (long Day, int Time)> local)
    {
        var schedule = new BillingSchedule(line.Zone, Instant.FromUnixTimeSeconds(from), anchor, interval);
        var first = Boundary(0) > from ? -1 : 0;
        var (full, end) = (Boundary(first), Boundary(first + 1));
        for (var index = 0; end < line.End; index++)
        {
            var period = schedule.PeriodAt(index);
            var expected = (index == 0 ? from : full, end, full, end);
            var actual = (period.Start.ToUnixTimeSeconds(), period.End.ToUnixTimeSeconds(), period.FullStart.ToUnixTimeSeconds(), period.FullEnd.ToUnixTimeSeconds());
            if (actual != expected || end < full || (index % 64 == 0 && end > full && !Lies(schedule, period, index)))
            {
                Assert.Fail($"{line.Zone} from {from} {anchor} {interval}, period {index}: {period} is not {expected}");
            }

            (full, end) = (end, Boundary(first + index + 2));
        }

        long Boundary(int number) => line.Resolve(local(number).Day, local(number).Time);
    }

    private static bool Lies(BillingSchedule schedule, BillingPeriod period, int index) =>
        schedule.IndexAt(period.Start) == index && schedule.IndexAt(period.End - Duration.Epsilon) == index && schedule.NextBoundary(period.Start) == period.End && schedule.IsBoundary(period.Start);
}
