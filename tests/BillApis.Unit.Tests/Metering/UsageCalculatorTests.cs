using System.Globalization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class UsageCalculatorTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Interval January = new(Start, Instant.FromUtc(2026, 2, 1, 0, 0));
    private static readonly CustomerId Acme = EntityId.New<CustomerId>();
    private static readonly SubscriptionId Mine = EntityId.New<SubscriptionId>();

    private static readonly UsageEvent[] Events =
    [
        Event("a", 0, 0.1m, "small"),
        Event("b", 1, 0.2m, "large"),
        Event("c", 1, 7m, "small") with { SubscriptionId = EntityId.New<SubscriptionId>() },
        Event("d", 30, 5m, "small") with { SubscriptionId = Mine },
        Event("e", 30, 5m, null),
        Event("f", 31, 100m, "small"),
    ];

    [Theory]
    [InlineData(Aggregation.Count, "5")]
    [InlineData(Aggregation.Sum, "17.3")]
    [InlineData(Aggregation.Max, "7")]
    [InlineData(Aggregation.Min, "0.1")]
    [InlineData(Aggregation.Latest, "5")]
    [InlineData(Aggregation.UniqueCount, "4")]
    public void Aggregations_take_the_half_open_period(Aggregation aggregation, string expected) => Value(new UsageRequest(Metric(aggregation), Acme, January)).ShouldBe(expected);

    [Fact]
    public void Events_of_another_subscription_are_left_out() => Value(new UsageRequest(Metric(Aggregation.Sum), Acme, January) { Subscription = Mine }).ShouldBe("10.3");

    [Fact]
    public void Groups_stand_apart_and_absence_is_a_group()
    {
        var read = UsageCalculator.Read(new UsageRequest(Metric(Aggregation.Sum), Acme, January) { GroupBy = ["model"] }, Events);
        read.Groups.Select(group => $"{group.Dimensions} {Exact.Format(group.Value)} {group.Events}").ShouldBe(
            ["{\"model\":\"large\"} 0.2 1", "{\"model\":\"small\"} 12.1 3", "{\"model\":null} 5 1"]);
        read.Groups[2].Dimensions.Values()["model"].ShouldBeNull();
    }

    [Fact]
    public void Nothing_used_is_zero_where_groups_are_not_asked_for()
    {
        UsageCalculator.Read(new UsageRequest(Metric(Aggregation.Latest), Acme, January), []).Groups.ShouldHaveSingleItem().Value.ShouldBe(0);
        UsageCalculator.Read(new UsageRequest(Metric(Aggregation.Sum), Acme, January) { GroupBy = ["model"] }, []).Groups.ShouldBeEmpty();
    }

    [Fact]
    public void A_group_that_is_not_counted_is_refused() =>
        Should.Throw<BillingException>(() => Value(new UsageRequest(Metric(Aggregation.Sum), Acme, January) { GroupBy = ["region"] })).Message.ShouldContain("grouped by model");

    [Fact]
    public void Of_two_at_one_instant_the_greater_id_is_the_latest_in_any_order()
    {
        UsageEvent[] twins = [Event("z", 3, 1m, null), Event("a", 3, 2m, null), Event("\uffff", 3, 4m, null), Event("\U0001f600", 3, 3m, null)];
        foreach (var order in new[] { twins, [.. twins.Reverse()] })
        {
            UsageCalculator.Read(new UsageRequest(Metric(Aggregation.Latest), Acme, January), order).Groups[0].Value.ShouldBe(3);
        }
    }

    private static Metric Metric(Aggregation aggregation) => new()
    {
        Code = "m", Name = "M", EventType = "e", Aggregation = aggregation, Property = aggregation is Aggregation.Count ? null : "v", GroupBy = ["model"],
    };

    private static UsageEvent Event(string id, int day, decimal value, string? model) => new()
    {
        Id = id, Type = "e", Customer = "acme", Timestamp = Start + Duration.FromDays(day), Properties = UsageProperties.Of(("v", value), ("model", model)),
    };

    private static string Value(UsageRequest request) => UsageCalculator.Read(request, Events).Groups.ShouldHaveSingleItem().Value.ToString(CultureInfo.InvariantCulture);
}
