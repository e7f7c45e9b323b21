using System.Text.Json;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering;

public sealed class MetricTests
{
    private static readonly Metric Tokens = new() { Code = "tokens", Name = "Tokens", EventType = "llm", Aggregation = Aggregation.Sum, Property = "tokens" };

    [Fact]
    public void A_whole_metric_is_accepted() =>
        (Tokens with { GroupBy = ["model"], Filters = [new MetricFilter { Property = "cached", Op = FilterOperator.Eq, Values = [false] }] }).Validate();

    public static TheoryData<string, string, Metric> Broken => new()
    {
        { "code", "white space", Tokens with { Code = "a b" } },
        { "name", "required", Tokens with { Name = "" } },
        { "event_type", "required", Tokens with { EventType = " " } },
        { "property", "required", Tokens with { Property = null } },
        { "property", "left out", Tokens with { Aggregation = Aggregation.Count } },
        { "percentile", "above 0 and at most 100", Tokens with { Aggregation = Aggregation.Percentile } },
        { "percentile", "above 0 and at most 100", Tokens with { Aggregation = Aggregation.Percentile, Percentile = 100.1m } },
        { "percentile", "left out", Tokens with { Percentile = 95 } },
        { "recurring", "left out", Tokens with { Aggregation = Aggregation.Average, Recurring = true } },
        { "operation_property", "left out", Tokens with { OperationProperty = "op" } },
        { "weighting", "left out", Tokens with { Weighting = TimeWeighting.Day } },
        { "operation_property", "required", Tokens with { Aggregation = Aggregation.UniqueCount, Weighting = TimeWeighting.Day } },
        { "exclude[0]", "must have a condition", Tokens with { Exclude = [[]] } },
        { "exclude[0][0].values", "1 entries", Tokens with { Exclude = [[new MetricFilter { Property = "a", Op = FilterOperator.Eq }]] } },
        { "group_by[1]", "again", Tokens with { GroupBy = ["a", "a"] } },
        { "group_by", "at most 8", Tokens with { GroupBy = [.. "abcdefghi".Select(letter => letter.ToString())] } },
        { "rounding.scale", "between -12 and 12", Tokens with { Rounding = new QuantityRounding(RoundingDirection.Up, 13) } },
        { "filters[0].values", "1 entries", Tokens with { Filters = [new MetricFilter { Property = "a", Op = FilterOperator.Eq }] } },
        { "filters[0].values", "0 entries", Tokens with { Filters = [new MetricFilter { Property = "a", Op = FilterOperator.Exists, Values = [1] }] } },
        { "filters[0].values[0]", "must be a number", Tokens with { Filters = [new MetricFilter { Property = "a", Op = FilterOperator.Gt, Values = ["x"] }] } },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_metric_is_refused_by_field(string field, string problem, Metric metric)
    {
        var refusal = Should.Throw<BillingException>(metric.Validate);
        refusal.Code.ShouldBe(BillingErrorCode.Invalid);
        refusal.Details.ShouldHaveSingleItem().Field.ShouldBe(field);
        refusal.Message.ShouldContain(problem);
    }

    [Theory]
    [InlineData(FilterOperator.In, "\"eu\", 5", "{\"p\": \"eu\"}", true)]
    [InlineData(FilterOperator.In, "\"eu\", 5", "{\"p\": 5.0}", true)]
    [InlineData(FilterOperator.In, "\"eu\", 5", "{\"p\": \"5\"}", true)]
    [InlineData(FilterOperator.In, "\"eu\"", "{}", false)]
    [InlineData(FilterOperator.NotIn, "\"eu\"", "{\"p\": \"us\"}", true)]
    [InlineData(FilterOperator.NotIn, "\"eu\"", "{\"p\": \"eu\"}", false)]
    [InlineData(FilterOperator.NotIn, "\"eu\"", "{}", true)]
    [InlineData(FilterOperator.Eq, "true", "{\"p\": true}", true)]
    [InlineData(FilterOperator.Gt, "1.5", "{\"p\": 1.5}", false)]
    [InlineData(FilterOperator.Gte, "1.5", "{\"p\": \"1.50\"}", true)]
    [InlineData(FilterOperator.Lt, "0.3", "{\"p\": 0.1}", true)]
    [InlineData(FilterOperator.Lte, "0.3", "{\"p\": 3e-1}", true)]
    [InlineData(FilterOperator.Lt, "10", "{\"p\": \"nine\"}", false)]
    [InlineData(FilterOperator.Exists, "", "{\"p\": false}", true)]
    [InlineData(FilterOperator.Exists, "", "{\"p\": null}", false)]
    public void A_filter_passes_what_it_says(FilterOperator op, string values, string properties, bool passes) =>
        new MetricFilter { Property = "p", Op = op, Values = [.. JsonSerializer.Deserialize<PropertyValue[]>($"[{values}]")!] }
            .Passes(JsonSerializer.Deserialize<UsageProperties>(properties)!).ShouldBe(passes);

    [Fact]
    public void A_metric_survives_storage()
    {
        var metric = Tokens with
        {
            Filters = [new MetricFilter { Property = "p", Op = FilterOperator.NotIn, Values = ["x", 1.5m, true, default] }],
            Exclude = [[new MetricFilter { Property = "p", Op = FilterOperator.Exists }, new MetricFilter { Property = "q", Op = FilterOperator.Lt, Values = [2] }]],
            GroupBy = ["model"],
            Rounding = new QuantityRounding(RoundingDirection.HalfEven, 2),
            Version = 3,
        };
        var json = JsonSerializer.Serialize(metric, BillingJson.Options);
        json.ShouldContain("\"values\":[\"x\",1.5,true,null]");
        var read = JsonSerializer.Deserialize<Metric>(json, BillingJson.Options)!;
        read.CountsLike(metric).ShouldBeTrue();
        JsonSerializer.Serialize(read, BillingJson.Options).ShouldBe(json);
    }

    [Theory]
    [InlineData(RoundingDirection.HalfUp, 1, "2.25", "2.3")]
    [InlineData(RoundingDirection.HalfUp, 1, "-2.25", "-2.3")]
    [InlineData(RoundingDirection.HalfEven, 1, "2.25", "2.2")]
    [InlineData(RoundingDirection.Up, 0, "-2.5", "-2")]
    [InlineData(RoundingDirection.Up, 0, "2.000000000001", "3")]
    [InlineData(RoundingDirection.Down, 0, "2.9", "2")]
    [InlineData(RoundingDirection.Up, -3, "1001", "2000")]
    public void A_quantity_is_rounded_as_the_metric_says(RoundingDirection mode, int scale, string quantity, string rounded)
    {
        Exact.TryParse(quantity, out var value).ShouldBeTrue();
        Exact.Format(new QuantityRounding(mode, scale).Round(value)).ShouldBe(rounded);
    }

    [Fact]
    public void An_expression_over_properties_is_measured_instead_of_one_of_them()
    {
        var metric = new Metric { Code = "weighted", Name = "Weighted tokens", EventType = "llm", Aggregation = Aggregation.Sum, Expression = "input + 4 * output" };
        metric.Validate();
        UsageEvent Event(params (string, PropertyValue)[] properties) => new() { Id = "e", Type = "llm", Customer = "acme", Properties = UsageProperties.Of(properties) };
        var month = new UsageRequest(metric, default, new NodaTime.Interval(NodaTime.Instant.FromUtc(2026, 1, 1, 0, 0), NodaTime.Instant.FromUtc(2026, 2, 1, 0, 0)));

        UsageCalculator.Read(month, [Event(("input", 10.5m), ("output", 2)), Event(("input", "1"), ("output", 0.25m))]).Groups.Single().Value.ShouldBe(20.5m); // 18.5 + 2
        Should.Throw<BillingException>(() => UsageCalculator.Read(month, [Event(("input", 1))])).Message.ShouldContain("output");
        Should.Throw<BillingException>(() => UsageCalculator.Read(month, [Event(("input", -9), ("output", 1))])).Message.ShouldContain("-5");
        Should.Throw<BillingException>(() => (metric with { Expression = "input +" }).Validate()).Message.ShouldContain("expression");
        Should.Throw<BillingException>(() => (metric with { Property = "input" }).Validate()).Message.ShouldContain("expression");
        Should.Throw<BillingException>(() => (metric with { Aggregation = Aggregation.Count }).Validate()).Message.ShouldContain("count");
        Should.Throw<BillingException>(() => (metric with { Expression = null }).Validate()).Message.ShouldContain("property");
        (metric with { Expression = "input + 5 * output" }).CountsLike(metric).ShouldBeFalse();
    }
}
