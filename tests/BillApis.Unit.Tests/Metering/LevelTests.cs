using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

/// <summary>What lasts: levels, things that come and go, and what is carried from one period into the next. The numbers are made by hand.</summary>
public sealed class LevelTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Interval January = new(Start, Instant.FromUtc(2026, 2, 1, 0, 0));
    private static readonly Metric Stored = new() { Code = "stored", Name = "Stored", EventType = "e", Aggregation = Aggregation.WeightedSum, Property = "v", Recurring = true };
    private static readonly Metric Members = Stored with { Aggregation = Aggregation.UniqueCount, Property = "user", OperationProperty = "op" };

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Paris")]
    [InlineData("Asia/Kolkata")]
    [InlineData("Australia/Lord_Howe")]
    public void A_constant_level_weighs_the_same_in_every_period_of_every_zone(string id)
    {
        var zone = DateTimeZoneProviders.Tzdb[id];
        UsageEvent[] events = [Change("1", -400, 1_000)];
        for (var month = new LocalDate(2026, 1, 1); month.Year == 2026; month = month.PlusMonths(1))
        {
            var period = new Interval(zone.AtStartOfDay(month).ToInstant(), zone.AtStartOfDay(month.PlusMonths(1)).ToInstant());
            Read(Stored, events, period, zone).ShouldBe(1_000m);
            Read(Stored with { Weighting = TimeWeighting.Day }, events, period, zone).ShouldBe(1_000m);
        }
    }

    [Fact]
    public void A_change_weighs_the_real_time_that_is_left()
    {
        // March has 30 days and 23 hours in Paris; 100 from the 29th at 0:00 on last 2 days and 23 hours, that is 71 of 743 hours.
        var paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];
        var march = new Interval(paris.AtStartOfDay(new LocalDate(2026, 3, 1)).ToInstant(), paris.AtStartOfDay(new LocalDate(2026, 4, 1)).ToInstant());
        UsageEvent[] events = [Change("1", 0, 100) with { Timestamp = paris.AtStartOfDay(new LocalDate(2026, 3, 29)).ToInstant() }];
        Read(Stored, events, march, paris).ShouldBe(9.555854643338m); // 7100 / 743
        Read(Stored with { Weighting = TimeWeighting.Day }, events, march, paris).ShouldBe(9.677419354839m); // 300 / 31
    }

    [Fact]
    public void Only_what_recurs_is_carried_into_a_period()
    {
        UsageEvent[] events = [Change("1", -20, 8), Change("2", -10, 5), Change("3", 10, 6), Change("4", 40, 100)];
        foreach (var (aggregation, once, recurring) in new[] { (Aggregation.Sum, 6m, 19m), (Aggregation.Max, 6m, 6m), (Aggregation.Latest, 6m, 6m) })
        {
            Read(Stored with { Aggregation = aggregation, Recurring = false }, events, January).ShouldBe(once);
            Read(Stored with { Aggregation = aggregation }, events, January).ShouldBe(recurring);
        }

        // A level is in force until another is reported: the greatest of March is the 100 of February, not the 8 of December.
        Read(Stored with { Aggregation = Aggregation.Max }, events[..2], January).ShouldBe(5);
        Read(Stored with { Aggregation = Aggregation.Max }, events, new Interval(January.End + Duration.FromDays(28), January.End + Duration.FromDays(59))).ShouldBe(100);
        Read(Stored with { Aggregation = Aggregation.Latest }, events[..2], January).ShouldBe(5);
        Read(Stored with { Aggregation = Aggregation.Latest, Recurring = false }, events[..2], January).ShouldBe(0);
    }

    [Fact]
    public void What_is_removed_does_not_count_at_the_end()
    {
        UsageEvent[] events = [Member("1", -5, "a", "add"), Member("2", 3, "b", null), Member("3", 4, "c", "add"), Member("4", 5, "a", "remove"), Member("5", 6, "a", "add"), Member("6", 7, "c", "remove")];
        Read(Members, events, January).ShouldBe(2);
        Read(Members, events.Reverse(), January).ShouldBe(2);
        Read(Members, events, new Interval(Start, Start + Duration.FromDays(5))).ShouldBe(3);
        Read(Members with { Recurring = false }, events, new Interval(Start, Start + Duration.FromDays(5))).ShouldBe(2);
        Members.Measure(Member("7", 1, "a", "leave"), out _)!.Message.ShouldBe("must be 'add' or 'remove' for the metric 'stored'");
    }

    [Fact]
    public void Things_count_for_the_time_that_they_are_there()
    {
        // a all month; b from the 11th at noon to the 16th at noon: 5 days of time, and 6 dates.
        UsageEvent[] events = [Member("1", -5, "a", "add"), Hour(Member("2", 10, "b", "add"), 12), Hour(Member("3", 15, "b", "remove"), 12)];
        Read(Members with { Weighting = TimeWeighting.Second }, events, January).ShouldBe(1.161290322581m); // 36 / 31
        Read(Members with { Weighting = TimeWeighting.Day }, events, January).ShouldBe(1.193548387097m); // 37 / 31

        // Half of the month is half of the whole, and both halves make the whole.
        var (first, second) = (new Interval(Start, Start + Duration.FromDays(10)), new Interval(Start + Duration.FromDays(10), January.End));
        foreach (var weighting in Enum.GetValues<TimeWeighting>())
        {
            var request = new UsageRequest(Members with { Weighting = weighting }, default, January);
            var halves = new[] { first, second }.Sum(part => UsageCalculator.Read(request with { Period = part, Whole = January }, events).Groups[0].Value);
            halves.ShouldBe(UsageCalculator.Read(request, events).Groups[0].Value, 0.000000000002m);
        }
    }

    [Fact]
    public void What_lasts_is_carried_into_the_parts_of_its_period_and_into_no_other_period()
    {
        // 31 from the 2nd on and 62 more from the 22nd on, of 31 days: 31 × 30/31 + 62 × 10/31 = 50. From the 12th to the 22nd 10, and of the last 10 days 10 + 20.
        UsageEvent[] events = [Change("0", -5, 1_000), Change("1", 1, 31), Change("2", 21, 62)];
        var (once, cuts) = (Stored with { Recurring = false }, new[] { 0, 11, 21, 31 });
        foreach (var weighting in new TimeWeighting?[] { null, TimeWeighting.Second, TimeWeighting.Day })
        {
            var request = new UsageRequest(once with { Weighting = weighting }, default, January);
            UsageCalculator.Read(request, events).Groups[0].Value.ShouldBe(50);
            cuts.Zip(cuts.Skip(1), (from, to) => UsageCalculator.Read(request with { Period = new Interval(Start + Duration.FromDays(from), Start + Duration.FromDays(to)), Whole = January }, events).Groups[0].Value).ShouldBe([10, 10, 30]);
        }

        // A part that is asked for alone is a period of its own.
        Read(once, events, new Interval(Start + Duration.FromDays(11), January.End)).ShouldBe(31); // 62 × 10/20
    }

    [Fact]
    public void A_day_on_which_a_thing_is_removed_before_the_period_begins_counts_in_it()
    {
        // Removed on the 11th at 6, and the second part begins on the 11th at noon: 10 days in the first, and the 11th in the second.
        UsageEvent[] events = [Member("1", 0, "a", "add"), Hour(Member("2", 10, "a", "remove"), 6)];
        var noon = Start + Duration.FromHours(252);
        foreach (var recurring in new[] { true, false })
        {
            var request = new UsageRequest(Members with { Recurring = recurring, Weighting = TimeWeighting.Day }, default, January) { Whole = January };
            UsageCalculator.Read(request, events).Groups[0].Value.ShouldBe(0.354838709677m); // 11 / 31
            UsageCalculator.Read(request with { Period = new Interval(Start, noon) }, events).Groups[0].Value.ShouldBe(0.322580645161m); // 10 / 31
            UsageCalculator.Read(request with { Period = new Interval(noon, January.End) }, events).Groups[0].Value.ShouldBe(0.032258064516m); // 1 / 31
        }
    }

    [Theory]
    [InlineData(50, 3)]
    [InlineData(50.1, 4)]
    [InlineData(95, 10)]
    [InlineData(80, 5)]
    [InlineData(100, 10)]
    [InlineData(0.0001, -2)]
    public void A_percentile_is_the_value_of_an_event(decimal percentile, decimal expected)
    {
        // Ten events: -2 1 2 3 3 4 4 5 10 10. By nearest rank the 50th is the 5th of them.
        decimal[] values = [10, 3, 4, 1, 5, 2, 3, -2, 10, 4];
        UsageEvent[] events = [.. values.Select((value, index) => Change($"{index}", index, value))];
        Read(Stored with { Aggregation = Aggregation.Percentile, Percentile = percentile, Recurring = false, AllowNegative = true }, events, January).ShouldBe(expected);
    }

    [Fact]
    public void A_mean_is_rounded_once_as_the_metric_says()
    {
        UsageEvent[] events = [Change("1", 1, 1), Change("2", 2, 0), Change("3", 3, 0)];
        var mean = Stored with { Aggregation = Aggregation.Average, Recurring = false };
        Read(mean, events, January).ShouldBe(0.333333333333m);
        Read(mean with { Rounding = new QuantityRounding(RoundingDirection.Up, 2) }, events, January).ShouldBe(0.34m);
        Read(mean, [], January).ShouldBe(0);
    }

    [Fact]
    public void What_was_known_by_then_is_what_had_arrived()
    {
        StoredEvent[] events = [.. new[] { (1, 5), (2, 60), (3, 2) }.Select((pair, index) => new StoredEvent(Change($"{index}", pair.Item1, 1), Start + Duration.FromDays(pair.Item2), null, []))];
        var request = new UsageRequest(Stored with { Aggregation = Aggregation.Sum, Recurring = false }, default, January);
        UsageCalculator.ReadStored(request, events).Groups[0].Value.ShouldBe(3);
        UsageCalculator.ReadStored(request with { Recorded = new Interval(null, January.End) }, events).Groups[0].Value.ShouldBe(2);
        UsageCalculator.ReadStored(request with { Recorded = new Interval(Start + Duration.FromDays(5), null) }, events).Groups[0].Value.ShouldBe(2);
    }

    private static UsageEvent Change(string id, int day, decimal value) =>
        new() { Id = id, Type = "e", Customer = "acme", Timestamp = Start + Duration.FromDays(day), Properties = UsageProperties.Of(("v", value)) };

    private static UsageEvent Member(string id, int day, string user, string? operation) => Change(id, day, 0) with { Properties = UsageProperties.Of(("user", user), ("op", operation)) };

    private static UsageEvent Hour(UsageEvent item, int hour) => item with { Timestamp = item.Timestamp + Duration.FromHours(hour) };

    private static decimal Read(Metric metric, IEnumerable<UsageEvent> events, Interval period, DateTimeZone? zone = null)
    {
        metric.Validate();
        return UsageCalculator.Read(new UsageRequest(metric, default, period) { Zone = zone ?? DateTimeZone.Utc }, events).Groups.ShouldHaveSingleItem().Value;
    }
}
