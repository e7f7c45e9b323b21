using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class CleaningTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 12, 0);
    private static readonly Metric Traffic = new()
    {
        Code = "traffic", Name = "Traffic", EventType = "transfer", Aggregation = Aggregation.Sum, Property = "bytes", GroupBy = ["region"],
        Filters = [new MetricFilter { Property = "region", Op = FilterOperator.In, Values = ["eu", "us"] }],
    };

    [Fact]
    public void A_default_stands_in_before_filters_and_groups_look()
    {
        var metric = Traffic with { Rules = [new PropertyRule { Property = "region", Default = "eu" }, new PropertyRule { Property = "bytes", Default = 7 }] };
        Contribution(metric).ShouldBe((7m, """{"region":"eu"}"""));
        Contribution(metric, ("region", "us"), ("bytes", 5)).ShouldBe((5m, """{"region":"us"}"""));
        Stamp(Traffic, out var none, ("bytes", 5)).ShouldBeNull();
        none!.Orphan.ShouldBe(OrphanReason.NoMetric);
    }

    [Fact]
    public void What_is_stored_stays_as_it_was_sent()
    {
        Stamp(Traffic with { Rules = [new PropertyRule { Property = "bytes", DivideBy = 1_000 }] }, out var stamped, ("region", "eu"), ("bytes", 5)).ShouldBeNull();
        stamped!.Event.Properties["bytes"].ShouldBe(5);
        stamped.Contributions[0].Value.ShouldBe(0.005m);
    }

    [Theory]
    [InlineData("1073741824", null, "1073741824", "1")]
    [InlineData("1", null, "1073741824", "0.000000000931")]
    [InlineData("-2", null, "3", "-0.666666666667")]
    [InlineData("1", null, "8000000000000", "0")]
    [InlineData("4", null, "8000000000000", "0.000000000001")]
    [InlineData("999999999999999", null, "7", "142857142857142.714285714286")]
    [InlineData("0.000000000001", null, "0.001", "0.000000001")]
    [InlineData("90", "60", null, "5400")]
    [InlineData("0.5", "0.001", null, "0.0005")]
    public void Units_are_converted(string sent, string? multiply, string? divide, string expected)
    {
        var rule = new PropertyRule { Property = "bytes", MultiplyBy = Number(multiply), DivideBy = Number(divide) };
        Contribution(Traffic with { AllowNegative = true, Rules = [rule] }, ("region", "eu"), ("bytes", PropertyValue.Number(sent))).ShouldBe((Number(expected)!.Value, """{"region":"eu"}"""));
    }

    public static TheoryData<PropertyRule, PropertyValue, string> Refused => new()
    {
        { new PropertyRule { Property = "bytes", Required = true }, default, "is required for the metric 'traffic'" },
        { new PropertyRule { Property = "bytes", Min = 1 }, 0.5m, "must be at least 1 for" },
        { new PropertyRule { Property = "bytes", Max = 10.50m }, 11, "must be at most 10.5 for" },
        { new PropertyRule { Property = "bytes", Min = 1, Max = 10 }, 11, "must be between 1 and 10 for" },
        { new PropertyRule { Property = "bytes", Min = 1 }, "many", "must be a number" },
        { new PropertyRule { Property = "bytes", MultiplyBy = 0.1m }, 0.000000000001m, "must convert to at most 15 integer and 12" },
        { new PropertyRule { Property = "bytes", MultiplyBy = 1000 }, 999_999_999_999m * 1000, "must convert to at most 15 integer and 12" },
        { new PropertyRule { Property = "bytes", DivideBy = 0.001m }, 999_999_999_999m * 1000, "must convert to at most 15 integer and 12" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_the_rules_do_not_allow_is_refused_by_field(PropertyRule rule, PropertyValue sent, string problem)
    {
        var wrong = Stamp(Traffic with { Rules = [rule] }, out _, ("region", "eu"), ("bytes", sent)).ShouldNotBeNull();
        wrong.Field.ShouldBe("properties.bytes");
        wrong.Message.ShouldStartWith(problem);
        Stamp(Traffic with { Rules = [rule] }, out var uncounted, ("region", "mars"), ("bytes", sent)).ShouldBeNull();
        uncounted!.Orphan.ShouldBe(OrphanReason.NoMetric);
    }

    [Fact]
    public void A_metric_may_bound_the_age_of_events_by_their_arrival()
    {
        var metric = Traffic with { MaxAgeSeconds = 60, MaxAheadSeconds = 5 };
        At(Now - Duration.FromSeconds(60)).ShouldBeNull();
        At(Now + Duration.FromSeconds(5)).ShouldBeNull();
        At(Now - Duration.FromSeconds(61))!.Message.ShouldContain("more than 60 seconds before the arrival");
        At(Now + Duration.FromSeconds(6))!.Message.ShouldContain("more than 5 seconds after the arrival");
        At(Now - Duration.FromSeconds(61), Now - Duration.FromSeconds(1)).ShouldBeNull();

        FieldError? At(Instant at, Instant? received = null) =>
            new Intake([metric], Customers, Now).Stamp(Event(("region", "eu"), ("bytes", 1)) with { Timestamp = at }, out _, received);
    }

    public static TheoryData<string, PropertyRule[]> Wrong => new()
    {
        { "rules[0].property", [new PropertyRule { Property = "" }] },
        { "rules[1].property", [new PropertyRule { Property = "a" }, new PropertyRule { Property = "a" }] },
        { "rules[0].required", [new PropertyRule { Property = "a", Required = true, Default = 1 }] },
        { "rules[0].max", [new PropertyRule { Property = "a", Min = 2, Max = 1 }] },
        { "rules[0].multiply_by", [new PropertyRule { Property = "a", MultiplyBy = 0 }] },
        { "rules[0].divide_by", [new PropertyRule { Property = "a", DivideBy = -1 }] },
        { "rules[0].divide_by", [new PropertyRule { Property = "a", MultiplyBy = 1, DivideBy = 1 }] },
        { "rules[0].default", [new PropertyRule { Property = "a", Min = 5, Default = 4 }] },
        { "rules[0].default", [new PropertyRule { Property = "a", Min = 5, Default = "x" }] },
        { "rules", [.. Enumerable.Range(0, 33).Select(i => new PropertyRule { Property = $"p{i}" })] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_rule_is_refused_where_the_metric_is_made(string field, PropertyRule[] rules) =>
        Should.Throw<BillingException>(() => (Traffic with { Rules = [.. rules] }).Validate()).Details[0].Field.ShouldBe(field);

    [Fact]
    public void Other_rules_count_otherwise_and_other_bounds_of_age_do_not()
    {
        var ruled = Traffic with { Rules = [new PropertyRule { Property = "bytes", DivideBy = 1_000 }] };
        ruled.CountsLike(Traffic).ShouldBeFalse();
        ruled.CountsLike(ruled with { Rules = [new PropertyRule { Property = "bytes", DivideBy = 1_000.0m }], MaxAgeSeconds = 5 }).ShouldBeTrue();
        Should.Throw<BillingException>(() => (Traffic with { MaxAgeSeconds = -1 }).Validate()).Details[0].Field.ShouldBe("max_age_seconds");
    }

    private static decimal? Number(string? text) => text is null ? null : decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static ImmutableDictionary<string, CustomerId> Customers => ImmutableDictionary<string, CustomerId>.Empty.Add("acme", EntityId.New<CustomerId>());

    private static UsageEvent Event(params (string, PropertyValue)[] properties) => new() { Id = "1", Type = "transfer", Customer = "acme", Timestamp = Now, Properties = UsageProperties.Of(properties) };

    private static FieldError? Stamp(Metric metric, out StampedEvent? stamped, params (string, PropertyValue)[] properties) => new Intake([metric], Customers, Now).Stamp(Event(properties), out stamped);

    private static (decimal Value, string Dimensions) Contribution(Metric metric, params (string, PropertyValue)[] properties)
    {
        Stamp(metric, out var stamped, properties).ShouldBeNull();
        return (stamped!.Contributions.Single().Value, stamped.Contributions.Single().Dimensions.Json);
    }
}
