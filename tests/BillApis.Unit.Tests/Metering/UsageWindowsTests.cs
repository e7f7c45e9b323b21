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
        foreach (var kind in Enum.GetValues<UsageWindow>())
        {
            var windows = UsageWindows.Of(interval, kind, zone);
            windows[0].Start.ShouldBe(interval.Start);
            windows[^1].End.ShouldBe(interval.End);
            windows.Zip(windows.Skip(1)).All(pair => pair.First.End == pair.Second.Start && pair.First.Start < pair.First.End).ShouldBeTrue();
        }
    }

    [Fact]
    public void Too_many_windows_are_refused() =>
        Should.Throw<BillingException>(() => UsageWindows.Of(new Interval(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 1, 0, 0)), UsageWindow.Hour, DateTimeZone.Utc))
            .Message.ShouldContain("50000");
}
