using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Analytics;

public sealed class PreviousPeriodTests
{
    [Theory]
    [InlineData("UTC", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("UTC", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", "2025-10-01T00:00:00Z")]
    [InlineData("UTC", "2026-03-02T00:00:00Z", "2026-04-01T00:00:00Z", "2026-01-31T00:00:00Z")]
    [InlineData("UTC", "2026-03-02T06:00:00Z", "2026-03-02T18:00:00Z", "2026-03-01T18:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z", "2026-02-28T23:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z", "2026-03-28T23:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-27T23:00:00Z")]
    public void It_is_as_many_months_or_days_before_or_the_same_time(string zone, string start, string end, string expected)
    {
        var previous = PreviousPeriod.Of(new Interval(At(start), At(end)), DateTimeZoneProviders.Tzdb[zone]);
        previous.ShouldBe(new Interval(At(expected), At(start)));
    }

    [Theory]
    [InlineData("UTC", "2026-03-30T10:00:00Z", 1, "2026-03-23T10:00:00Z/2026-03-23T11:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-30T10:00:00Z", 1, "2026-03-23T11:00:00Z/2026-03-23T12:00:00Z")]
    [InlineData("Europe/Berlin", "2026-04-05T00:00:00Z", 1, null)]
    [InlineData("Europe/Berlin", "2026-04-05T00:00:00Z", 2, "2026-03-22T01:00:00Z/2026-03-22T02:00:00Z")]
    public void The_same_hour_of_a_week_before_is_that_of_the_clock(string zone, string start, int weeks, string? expected)
    {
        var found = PreviousPeriod.WeeksBefore(new Interval(At(start), At(start) + Duration.FromHours(1)), weeks, DateTimeZoneProviders.Tzdb[zone]);
        found.ShouldBe(expected is null ? null : new Interval(At(expected.Split('/')[0]), At(expected.Split('/')[1])));
    }

    private static Instant At(string text) => InstantPattern.General.Parse(text).Value;
}
