using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class IntakeTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 12, 0);
    private static readonly CustomerId Acme = EntityId.New<CustomerId>();
    private static readonly Metric Tokens = new() { Code = "tokens", Name = "Tokens", EventType = "llm", Aggregation = Aggregation.Sum, Property = "tokens", GroupBy = ["model"] };
    private static readonly Metric Calls = new() { Code = "calls", Name = "Calls", EventType = "llm", Aggregation = Aggregation.Count };
    private static readonly UsageEvent Call = new() { Id = "1", Type = "llm", Customer = "acme", Timestamp = Now, Properties = UsageProperties.Of(("tokens", 12), ("model", "small")) };

    [Fact]
    public void An_event_feeds_every_metric_that_counts_it()
    {
        var stamped = Accepted(Call);
        stamped.Customer.ShouldBe(Acme);
        stamped.Orphan.ShouldBeNull();
        stamped.Contributions.ShouldBe([new Contribution(Tokens, Dimensions.Of([new("model", "small")]), 12, null), new Contribution(Calls, Dimensions.None, 1, null)]);
    }

    [Fact]
    public void Without_a_timestamp_an_event_happens_when_it_arrives() => Accepted(Call with { Timestamp = null }).At.ShouldBe(Now);

    [Fact]
    public void An_unknown_customer_and_an_uncounted_type_make_orphans()
    {
        Accepted(Call with { Customer = "nobody" }).Orphan.ShouldBe(OrphanReason.UnknownCustomer);
        Accepted(Call with { Type = "other" }).Orphan.ShouldBe(OrphanReason.NoMetric);
    }

    [Fact]
    public void An_archived_metric_counts_nothing() =>
        new Intake([Tokens.Archived(Now)], Customers, Now).Stamp(Call, out var stamped).ShouldBeNull(stamped!.Orphan.ToString());

    public static TheoryData<string, string, UsageEvent> Broken => new()
    {
        { "id", "is required", Call with { Id = "" } },
        { "id", "at most 255", Call with { Id = new string('x', 256) } },
        { "id", "control characters", Call with { Id = "a\nb" } },
        { "type", "is required", Call with { Type = " " } },
        { "customer_id", "is required", Call with { Customer = null! } },
        { "customer_id", "is required", Call with { Customer = " " } },
        { "source", "valid Unicode", Call with { Source = "a\ud800" } },
        { "timestamp", "must not be before 2000", Call with { Timestamp = Instant.FromUtc(1999, 12, 31, 23, 59) } },
        { "timestamp", "more than 3600 seconds ahead", Call with { Timestamp = Now + Duration.FromSeconds(3_601) } },
        { "properties", "at most 64", Call with { Properties = UsageProperties.Of([.. Enumerable.Range(0, 65).Select(i => ($"p{i}", (PropertyValue)i))]) } },
        { "properties.note", "at most 1024", Call with { Properties = UsageProperties.Of(("tokens", 1), ("note", new string('x', 1_025))) } },
        { "properties.tokens", "required by the metric 'tokens'", Call with { Properties = UsageProperties.None } },
        { "properties.tokens", "must be a number", Call with { Properties = UsageProperties.Of(("tokens", "many")) } },
        { "properties.tokens", "must be a number", Call with { Properties = UsageProperties.Of(("tokens", PropertyValue.Number("1e15"))) } },
        { "properties.tokens", "must be a number", Call with { Properties = UsageProperties.Of(("tokens", PropertyValue.Number("0.1234567890123"))) } },
        { "properties.tokens", "must not be negative", Call with { Properties = UsageProperties.Of(("tokens", -1)) } },
        { "properties", "longer than 700", Call with { Properties = UsageProperties.Of(("tokens", 1), ("model", new string('x', 700))) } },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_event_is_refused_by_field(string field, string problem, UsageEvent item)
    {
        var wrong = new Intake([Tokens], Customers, Now).Stamp(item, out _);
        wrong.ShouldNotBeNull().Field.ShouldBe(field);
        wrong.Message.ShouldContain(problem);
    }

    [Fact]
    public void A_metric_may_allow_what_takes_away() =>
        new Intake([Tokens with { AllowNegative = true }], Customers, Now).Stamp(Call with { Properties = UsageProperties.Of(("tokens", "-1.5")) }, out var stamped)
            .ShouldBeNull(stamped?.Contributions[0].Value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void A_duplicate_is_told_by_its_content()
    {
        var hash = Accepted(Call).Hash;
        Accepted(Call with { Properties = UsageProperties.Of(("model", "small"), ("tokens", PropertyValue.Number("1.20e1"))) }).Hash.ShouldBe(hash);
        new Intake([], Customers, Now + Duration.FromDays(1)).Stamp(Call, out var later);
        later!.Hash.ShouldBe(hash);
        UsageEvent[] others =
        [
            Call with { Timestamp = null }, Call with { Timestamp = Now + Duration.FromTicks(10) }, Call with { Type = "other" }, Call with { Customer = "acm" },
            Call with { SubscriptionId = EntityId.New<SubscriptionId>() }, Call with { Properties = UsageProperties.Of(("tokens", "12"), ("model", "small")) },
            Call with { Properties = UsageProperties.Of(("tokens", 12), ("model", "small"), ("x", default)) },
        ];
        others.Select(item => Accepted(item).Hash).Append(hash).Distinct().Count().ShouldBe(others.Length + 1);
    }

    private static ImmutableDictionary<string, CustomerId> Customers => ImmutableDictionary<string, CustomerId>.Empty.Add("acme", Acme);

    private static StampedEvent Accepted(UsageEvent item)
    {
        new Intake([Tokens with { AllowNegative = true }, Calls], Customers, Now).Stamp(item, out var stamped).ShouldBeNull();
        return stamped! with { Contributions = [.. stamped.Contributions.Select(each => each with { Metric = each.Metric.Code == "tokens" ? Tokens : Calls })] };
    }
}
