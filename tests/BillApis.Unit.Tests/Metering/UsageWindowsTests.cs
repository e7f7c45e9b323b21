using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class UsageWindowsTests
{
    [Theory]
    [InlineData("Europe/Paris", UsageWindow.Day, 2026, 3, 29, 23)]
    [InlineData("Europe/Paris", UsageWindow.Day, 2026, 10, 25, 25)]
    [InlineData("America/Sao_Paulo", UsageWindow.Day, 2018, 11, 4, 23)]
    [InlineData("Asia/Kolkata", UsageWindow.Day, 2026, 1, 1, 24)]
    [InlineData("Europe/Paris", UsageWindow.Month, 2026, 3, 1, (31 * 24) - 1)]
    public void Days_and_months_are_as_long_as_the_zone_makes_them(string id, UsageWindow window, int year, int month, int day, int hours)
    {
        var zone = DateTimeZoneProviders.Tzdb[id];
        var start = zone.AtStartOfDay(new LocalDate(year, month, day)).ToInstant();
        UsageWindows.Of(new Interval(start, start + Duration.FromDays(40)), window, zone)[0].Duration.ShouldBe(Duration.FromHours(hours));
    }

    [Theory]
    [InlineData("Asia/Kolkata", "00:30 01:30 02:00")]
    [InlineData("UTC", "01:00 02:00")]
    public void Hours_follow_the_clock_of_the_zone(string id, string ends)
    {
        var start = Instant.FromUtc(2026, 1, 1, 0, 0);
        string.Join(' ', UsageWindows.Of(new Interval(start, start + Duration.FromHours(2)), UsageWindow.Hour, DateTimeZoneProviders.Tzdb[id])
            .Select(window => window.End.InUtc().TimeOfDay.ToString("HH:mm", null))).ShouldBe(ends);
    }

    [Fact]
    public void Windows_leave_no_gap_where_the_clock_changes_by_half_an_hour()
    {
        var zone = DateTimeZoneProviders.Tzdb["Australia/Lord_Howe"];
        var interval = new Interval(Instant.FromUtc(2026, 1, 1, 0, 17), Instant.FromUtc(2026, 12, 31, 23, 59));
        var change = Instant.FromUtc(2026, 4, 4, 15, 0);
        foreach (var kind in Enum.GetValues<UsageWindow>())
        {
            var asked = kind switch
            {
                UsageWindow.Second => new Interval(change - Duration.FromMilliseconds(90_500), change + Duration.FromMilliseconds(90_500)),
                UsageWindow.Minute => new Interval(change - Duration.FromSeconds(5_430), change + Duration.FromSeconds(5_430)),
                _ => interval,
            };
            var windows = UsageWindows.Of(asked, kind, zone);
            windows[0].Start.ShouldBe(asked.Start);
            windows[^1].End.ShouldBe(asked.End);
            windows.Zip(windows.Skip(1)).All(pair => pair.First.End == pair.Second.Start && pair.First.Start < pair.First.End).ShouldBeTrue();

            var whole = UsageWindows.Expand(asked, kind, zone);
            (whole.Start <= asked.Start && asked.End <= whole.End).ShouldBeTrue();
            UsageWindows.Expand(whole, kind, zone).ShouldBe(whole);
            UsageWindows.Of(whole, kind, zone).Skip(1).SkipLast(1).ShouldBe(windows.Skip(1).SkipLast(1));
        }
    }

    [Theory]
    [InlineData(UsageWindow.Second, "2026-02-14T22:22:05Z 2026-02-14T22:22:08Z")]
    [InlineData(UsageWindow.Minute, "2026-02-14T22:22:00Z 2026-02-14T22:23:00Z")]
    [InlineData(UsageWindow.Hour, "2026-02-14T21:30:00Z 2026-02-14T22:30:00Z")]
    [InlineData(UsageWindow.Day, "2026-02-14T18:30:00Z 2026-02-15T18:30:00Z")]
    [InlineData(UsageWindow.Month, "2026-01-31T18:30:00Z 2026-02-28T18:30:00Z")]
    public void An_interval_grows_to_the_windows_of_the_zone(UsageWindow window, string expected)
    {
        var asked = new Interval(Instant.FromUtc(2026, 2, 14, 22, 22, 5) + Duration.FromMilliseconds(500), Instant.FromUtc(2026, 2, 14, 22, 22, 7) + Duration.FromMilliseconds(1));
        var grown = UsageWindows.Expand(asked, window, DateTimeZoneProviders.Tzdb["Asia/Kolkata"]);
        $"{grown.Start} {grown.End}".ShouldBe(expected);
    }

    [Fact]
    public void Too_many_windows_are_refused() =>
        Should.Throw<BillingException>(() => UsageWindows.Of(new Interval(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 1, 0, 0)), UsageWindow.Hour, DateTimeZone.Utc))
            .Message.ShouldContain("50000");
}
