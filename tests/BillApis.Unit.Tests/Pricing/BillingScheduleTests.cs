using System.Text.Json;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Pricing;

/// <summary>Boundaries worked out by hand with a calendar.</summary>
public sealed class BillingScheduleTests
{
    [Theory]
    [InlineData("UTC", "2024-01-31T10:00:00Z", "subscription", "month", 1, "2024-02-29T10:00:00Z 2024-03-31T10:00:00Z 2024-04-30T10:00:00Z 2024-05-31T10:00:00Z")]
    [InlineData("UTC", "2023-01-29T00:00:00Z", "subscription", "month", 1, "2023-02-28T00:00:00Z 2023-03-29T00:00:00Z")]
    [InlineData("UTC", "2024-02-29T00:00:00Z", "subscription", "year", 1, "2025-02-28T00:00:00Z 2026-02-28T00:00:00Z 2027-02-28T00:00:00Z 2028-02-29T00:00:00Z")]
    [InlineData("Europe/Berlin", "2026-01-31T23:00:00Z", "subscription", "month", 1, "2026-02-28T23:00:00Z 2026-03-31T22:00:00Z")]
    [InlineData("America/New_York", "2026-03-01T07:30:00Z", "subscription", "week", 1, "2026-03-08T07:00:00Z 2026-03-15T06:30:00Z")] // 02:30 does not exist on the 8th
    [InlineData("America/New_York", "2026-10-25T05:30:00Z", "subscription", "week", 1, "2026-11-01T05:30:00Z 2026-11-08T06:30:00Z")] // 01:30 is there twice on 1 November
    [InlineData("UTC", "2026-01-10T08:00:00Z", "calendar", "month", 1, "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z")]
    [InlineData("UTC", "2026-01-10T08:00:00Z", "calendar", "week", 1, "2026-01-12T00:00:00Z 2026-01-19T00:00:00Z")]
    [InlineData("UTC", "2026-02-10T08:00:00Z", "calendar", "quarter", 1, "2026-04-01T00:00:00Z 2026-07-01T00:00:00Z")]
    [InlineData("UTC", "2026-07-01T00:00:00Z", "calendar", "half_year", 1, "2027-01-01T00:00:00Z 2027-07-01T00:00:00Z")]
    [InlineData("UTC", "2026-02-10T08:00:00Z", "calendar", "year", 1, "2027-01-01T00:00:00Z 2028-01-01T00:00:00Z")]
    [InlineData("UTC", "2026-01-10T08:00:00Z", "calendar", "day", 1, "2026-01-11T00:00:00Z 2026-01-12T00:00:00Z")]
    [InlineData("UTC", "2026-01-15T00:00:00Z", "{\"day\":15}", "month", 1, "2026-02-15T00:00:00Z 2026-03-15T00:00:00Z")]
    [InlineData("UTC", "2026-01-10T08:00:00Z", "{\"day\":31}", "month", 1, "2026-01-31T00:00:00Z 2026-02-28T00:00:00Z 2026-03-31T00:00:00Z")]
    [InlineData("UTC", "2026-01-20T08:00:00Z", "{\"at\":\"2026-05-31T10:00:00Z\"}", "month", 1, "2026-01-31T10:00:00Z 2026-02-28T10:00:00Z 2026-03-31T10:00:00Z")]
    [InlineData("UTC", "2026-01-20T08:00:00Z", "{\"day\":15}", "quarter", 1, "2026-04-15T00:00:00Z 2026-07-15T00:00:00Z")]
    [InlineData("Pacific/Apia", "2011-12-28T10:00:00Z", "calendar", "day", 1, "2011-12-29T10:00:00Z 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z")] // 30 December 2011 was skipped there
    public void Boundaries_are_those_of_the_calendar(string zone, string start, string anchor, string unit, int count, string boundaries)
    {
        var schedule = new BillingSchedule(
            DateTimeZoneProviders.Tzdb[zone],
            At(start),
            JsonSerializer.Deserialize<BillingAnchor>(anchor[0] == '{' ? anchor : $"\"{anchor}\"", BillingJson.Options)!,
            new(JsonSerializer.Deserialize<IntervalUnit>($"\"{unit}\"", BillingJson.Options), count));
        var next = schedule.Start;
        foreach (var boundary in boundaries.Split(' ').Select(At))
        {
            var period = schedule.PeriodAt(schedule.IndexAt(next));
            (period.Start, period.End).ShouldBe((next, boundary));
            schedule.NextBoundary(next).ShouldBe(boundary);
            schedule.IsBoundary(boundary).ShouldBeTrue();
            schedule.IsBoundary(boundary - Duration.Epsilon).ShouldBeFalse();
            schedule.IndexAt(boundary - Duration.Epsilon).ShouldBe(schedule.IndexAt(next));
            next = boundary;
        }
    }

    [Fact]
    public void The_first_period_of_a_calendar_anchor_is_a_stub_of_its_whole_period()
    {
        var schedule = new BillingSchedule(DateTimeZone.Utc, At("2026-01-10T08:00:00Z"), BillingAnchor.Calendar, new(IntervalUnit.Month, 1));
        schedule.PeriodAt(0).ShouldBe(new(At("2026-01-10T08:00:00Z"), At("2026-02-01T00:00:00Z"), At("2026-01-01T00:00:00Z"), At("2026-02-01T00:00:00Z")));
        schedule.PeriodAt(0).IsStub.ShouldBeTrue();
        schedule.PeriodAt(1).IsStub.ShouldBeFalse();
        schedule.NextBoundary(At("2020-01-01T00:00:00Z")).ShouldBe(schedule.Start);
    }

    [Theory]
    [InlineData("\"subscription\"")]
    [InlineData("\"calendar\"")]
    [InlineData("{\"day\":15}")]
    [InlineData("{\"at\":\"2026-01-31T10:00:00Z\"}")]
    public void Anchors_round_trip(string json) =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<BillingAnchor>(json, BillingJson.Options), BillingJson.Options).ShouldBe(json);

    [Theory]
    [InlineData("\"monday\"")]
    [InlineData("{\"day\":0}")]
    [InlineData("{\"day\":32}")]
    [InlineData("{\"day\":1.5}")]
    [InlineData("{\"day\":1,\"month\":2}")]
    [InlineData("7")]
    public void Other_anchors_are_refused(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<BillingAnchor>(json, BillingJson.Options));

    [Fact]
    public void An_interval_is_a_value_with_a_limit()
    {
        JsonSerializer.Deserialize<BillingInterval>(JsonSerializer.Serialize(new BillingInterval(IntervalUnit.Quarter, 2), BillingJson.Options), BillingJson.Options).ShouldBe(new(IntervalUnit.Quarter, 2));
        Should.Throw<ArgumentOutOfRangeException>(() => new BillingInterval(IntervalUnit.Month, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => new BillingInterval(IntervalUnit.Year, 11));
    }

    internal static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;
}
