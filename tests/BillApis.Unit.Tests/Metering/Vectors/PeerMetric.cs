using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Metering;
using BillApis.Tests.Vectors;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Metering.Vectors;

/// <summary>A peer's case in our words: the metric, the request and the events.</summary>
internal static class PeerMetric
{
    /// <summary>The source of the events that stand for a level at the start of the period.</summary>
    public const string InitialSource = "initial";

    public static Metric Of(Vector vector)
    {
        var inputs = vector.Inputs;
        var aggregation = Aggregation(inputs);
        var metric = new Metric
        {
            Code = "m", Name = "M", EventType = "e", Aggregation = aggregation, AllowNegative = true,
            Property = aggregation switch { BillApis.Metering.Aggregation.Count => null, BillApis.Metering.Aggregation.UniqueCount => "_item", _ => "_value" },
            OperationProperty = aggregation is BillApis.Metering.Aggregation.UniqueCount ? "_operation" : null,
            Weighting = vector.Category.StartsWith("prorated", StringComparison.Ordinal) ? TimeWeighting.Day : null,
            Recurring = inputs["carry_over"]?.GetValue<bool>() is true || inputs["initial_value"] is not null || inputs["initial_values"] is not null || vector.Category == "prorated_unique_count",
            FloorAtZero = inputs["floor_at_zero"]?.GetValue<bool>() is true,
            Rounding = AggregationVectorTests.Rounding(inputs),
            GroupBy = [.. Items(inputs["group_by"]).Select(name => name!.GetValue<string>())],
            Filters = inputs["filter"]?["match"] is { } match ? Filters(match) : [],
            Exclude = [.. Items(inputs["filter"]?["exclude"]).Select(set => Filters(set!))],
        };
        metric.Validate();
        return metric;
    }

    public static UsageRequest Request(Vector vector)
    {
        var (from, to) = (At(vector.Inputs["from"]), At(vector.Inputs["to"]));
        var metric = Of(vector);
        var period = FixedDays(vector) is { } served ? new Interval(from, from + served) : Aligned(vector, new Interval(from, vector.Inputs["to_inclusive"]?.GetValue<bool>() is true ? to + Duration.FromTicks(10) : to));
        return new UsageRequest(metric, default, period)
        {
            GroupBy = metric.GroupBy,
            Recorded = vector.Inputs["stored_filter"] is { } stored ? new Interval(stored["gte"] is { } since ? At(since) : null, stored["lt"] is { } until ? At(until) : null) : null,
            Whole = vector.Inputs["period_days"] is { } days ? new Interval(from, from + Duration.FromDays(days.GetValue<int>())) : null,
        };
    }

    public static IEnumerable<StoredEvent> Events(Vector vector)
    {
        var before = At(vector.Inputs["from"] ?? JsonValue.Create("2000-01-01T00:00:00Z")) - Duration.FromDays(40);
        var initial = Items(vector.Inputs["initial_values"]).Select(item => Event(before, [("_value", item!["value"])], item["key"]));
        return initial.Concat(vector.Inputs["initial_value"] is { } value ? [Event(before, [("_value", value)], null)] : [])
            .Select((item, index) => new StoredEvent(item with { Id = $"{index}", Source = InitialSource }, before, null, []))
            .Concat(Items(vector.Inputs["events"]).Select((item, index) => new StoredEvent(
                Event(TimeOf(vector, At(item!["time"])), [("_value", item["value"]), ("_item", item["item"]), ("_operation", item["operation"])], item["properties"]) with { Id = $"{index:d6}" }, At(item["stored_at"] ?? item["time"]), null, [])));
    }

    private static Duration? FixedDays(Vector vector) => vector.Inputs["fixed_days"] is { } days ? Duration.FromDays(days.GetValue<int>()) : null;

    // Where each event counts for as many days, it counts from the first day of so many.
    private static Instant TimeOf(Vector vector, Instant at) =>
        FixedDays(vector) is not null && At(vector.Inputs["from"]) is var from && at >= from && at < At(vector.Inputs["to"]) ? from : at;

    public static IEnumerable<Interval> Windows(Vector vector, Interval period) => vector.Inputs["cuts"] is JsonArray cuts
        ? cuts.Select(At).Zip(cuts.Skip(1).Select(At), (start, end) => new Interval(start, end))
        : UsageWindows.Of(period, Window(vector), Zone(vector));

    public static Instant At(JsonNode? node) => OffsetDateTimePattern.Rfc3339.Parse(node!.GetValue<string>()).Value.ToInstant();

    private static Aggregation Aggregation(JsonObject inputs) => inputs["aggregation"]!.GetValue<string>() switch
    {
        "prorated_sum" => BillApis.Metering.Aggregation.WeightedSum,
        "prorated_unique_count" => BillApis.Metering.Aggregation.UniqueCount,
        var other => JsonSerializer.Deserialize<Aggregation>($"\"{other}\"", BillingJson.Options),
    };

    private static Interval Aligned(Vector vector, Interval period) =>
        vector.Inputs["align"] is { } ? UsageWindows.Expand(period, Window(vector), Zone(vector)) : period;

    private static UsageWindow Window(Vector vector) => vector.Inputs["window"] is { } window ? JsonSerializer.Deserialize<UsageWindow>(window, BillingJson.Options) : UsageWindow.None;

    private static DateTimeZone Zone(Vector vector) => vector.Inputs["time_zone"] is { } zone ? DateTimeZoneProviders.Tzdb[zone.GetValue<string>()] : DateTimeZone.Utc;

    private static System.Collections.Immutable.ImmutableArray<MetricFilter> Filters(JsonNode match) =>
        [.. match.AsObject().Select(item => new MetricFilter { Property = item.Key, Op = FilterOperator.In, Values = [.. item.Value!.AsArray().Select(value => PropertyValue.Of(value!.GetValue<string>()))] })];

    private static UsageEvent Event(Instant at, (string Name, JsonNode? Value)[] measured, JsonNode? properties) => new()
    {
        Id = "", Type = "e", Customer = "c", Timestamp = at,
        Properties = UsageProperties.Of(
            measured.Where(item => item.Value is not null).Select(item => KeyValuePair.Create(item.Name, item.Value.Deserialize<PropertyValue>()))
                .Concat((properties?.AsObject() ?? []).Select(item => KeyValuePair.Create(item.Key, item.Value is null ? default : item.Value.Deserialize<PropertyValue>())))),
    };

    private static JsonArray Items(JsonNode? node) => node?.AsArray() ?? [];
}
