using System.Globalization;
using System.Text.Json;
using BillApis.Metering;
using BillApis.Tests;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Metering.Vectors;

/// <summary>The peers' own cases of counting usage, for what metrics can say so far.</summary>
public sealed class AggregationVectorTests
{
    // What a metric cannot say yet: these cases wait for it, and their number is held so that none is left out unseen.
    private const int Waiting = 49;
    private static readonly string[] Later = ["carry_over", "stored_filter", "floor_at_zero", "to_inclusive", "align", "initial_value", "initial_values", "units", "period_days", "rounding"];

    // A value of 16 fractional digits is refused by intake: 12 are the contract, and nothing is rounded in silence.
    private static readonly string[] Refused = ["openmeter-sum-002", "openmeter-min-001"];
    private static readonly string[] Aggregations = ["count", "sum", "max", "min", "latest", "unique_count"];

    [Fact]
    public void Counts_agree_with_the_peers()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(SharedFiles.PathOf("vectors/aggregations.json")));
        var vectors = file.RootElement.GetProperty("vectors").EnumerateArray().ToList();
        var ready = vectors.Where(IsReady).ToList();
        ready.Select(vector => (Id: vector.GetProperty("id").GetString(), Problem: Problem(vector.GetProperty("inputs"), vector.GetProperty("expected"))))
            .Where(result => result.Problem is not null).Select(result => result.Id).ShouldBe(Refused);
        (vectors.Count - ready.Count).ShouldBe(Waiting);
    }

    private static bool IsReady(JsonElement vector)
    {
        var inputs = vector.GetProperty("inputs");
        return vector.GetProperty("verified").GetBoolean()
            && !Later.Any(name => inputs.TryGetProperty(name, out _))
            && Aggregations.Contains(inputs.GetProperty("aggregation").GetString())
            && !(inputs.TryGetProperty("window", out var window) && window.GetString() is not ("hour" or "day"))
            && !(inputs.TryGetProperty("filter", out var filter) && filter.TryGetProperty("exclude", out _))
            && !inputs.GetProperty("events").EnumerateArray().Any(item => item.TryGetProperty("operation", out var operation) && operation.GetString() is "remove");
    }

    private static string? Problem(JsonElement inputs, JsonElement expected)
    {
        var aggregation = JsonSerializer.Deserialize<Aggregation>(inputs.GetProperty("aggregation"), BillingJson.Options);
        var metric = new Metric
        {
            Code = "m", Name = "M", EventType = "e", Aggregation = aggregation, AllowNegative = true,
            Property = aggregation switch { Aggregation.Count => null, Aggregation.UniqueCount => "_item", _ => "_value" },
            GroupBy = inputs.TryGetProperty("group_by", out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [],
            Filters = inputs.TryGetProperty("filter", out var filter)
                ? [.. filter.GetProperty("match").EnumerateObject().Select(match => new MetricFilter
                {
                    Property = match.Name, Op = FilterOperator.In, Values = [.. match.Value.EnumerateArray().Select(value => PropertyValue.Of(value.GetString()))],
                })]
                : [],
        };
        metric.Validate();
        var period = new Interval(At(inputs.GetProperty("from")), At(inputs.GetProperty("to")));

        // The peers pass over what they cannot measure; our intake refuses it, so that it never comes to be counted.
        UsageEvent[] events = [.. inputs.GetProperty("events").EnumerateArray().Select(Event).Where(item => metric.Measure(item, out _) is null)];
        var request = new UsageRequest(metric, default, period) { GroupBy = metric.GroupBy };
        var whole = UsageCalculator.Read(request, events);
        return (expected.TryGetProperty("value", out var value) ? Differs("value", Number(value), whole.Groups.Single().Value) : null)
            ?? (expected.TryGetProperty("events_count", out var count) ? Differs("events_count", count.GetInt32(), whole.Events) : null)
            ?? (expected.TryGetProperty("groups", out var groups) ? Groups(groups, whole) : null)
            ?? (expected.TryGetProperty("windows", out var windows) ? Windows(windows, inputs, request, events) : null);
    }

    private static string? Groups(JsonElement expected, UsageReading whole)
    {
        var wanted = expected.EnumerateArray().Select(group =>
            $"{Dimensions.Of(group.GetProperty("key").EnumerateObject().Select(item => KeyValuePair.Create(item.Name, item.Value.GetString())))} {Exact.Format(Number(group.GetProperty("value")))}"
            + (group.TryGetProperty("events_count", out var count) ? $" {count.GetInt32()}" : ""));
        var counted = expected.EnumerateArray().Any(group => group.TryGetProperty("events_count", out _));
        return Differs(
            "groups",
            string.Join("; ", wanted.Order(StringComparer.Ordinal)),
            string.Join("; ", whole.Groups.Select(group => $"{group.Dimensions} {Exact.Format(group.Value)}{(counted ? $" {group.Events}" : "")}").Order(StringComparer.Ordinal)));
    }

    private static string? Windows(JsonElement expected, JsonElement inputs, UsageRequest request, UsageEvent[] events)
    {
        var zone = inputs.TryGetProperty("time_zone", out var id) ? DateTimeZoneProviders.Tzdb[id.GetString()!] : DateTimeZone.Utc;
        var kind = inputs.TryGetProperty("window", out var name) ? JsonSerializer.Deserialize<UsageWindow>(name, BillingJson.Options) : UsageWindow.None;
        IEnumerable<Interval> windows = inputs.TryGetProperty("cuts", out var cuts)
            ? [.. cuts.EnumerateArray().Select(At).Zip(cuts.EnumerateArray().Skip(1).Select(At), (start, end) => new Interval(start, end))]
            : UsageWindows.Of(request.Period, kind, zone);
        var empty = inputs.TryGetProperty("fill_empty", out var fill) && fill.GetBoolean();
        var counted = windows.Select(window => UsageCalculator.Read(request with { Period = window }, events)).Where(reading => empty || reading.Events > 0);
        return Differs(
            "windows",
            string.Join("; ", expected.EnumerateArray().Select(window => $"{At(window.GetProperty("start"))} {At(window.GetProperty("end"))} {Exact.Format(Number(window.GetProperty("value")))}")),
            string.Join("; ", counted.Select(reading => $"{reading.Request.Period.Start} {reading.Request.Period.End} {Exact.Format(reading.Groups.Single().Value)}")));
    }

    private static UsageEvent Event(JsonElement item, int index)
    {
        var properties = item.TryGetProperty("properties", out var own) ? own.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.Deserialize<PropertyValue>())) : [];
        var measured = new[] { "value", "item" }.Where(name => item.TryGetProperty(name, out _)).Select(name => KeyValuePair.Create($"_{name}", item.GetProperty(name).Deserialize<PropertyValue>()));
        return new UsageEvent { Id = $"{index:d6}", Type = "e", Customer = "c", Timestamp = At(item.GetProperty("time")), Properties = UsageProperties.Of(properties.Concat(measured)) };
    }

    private static Instant At(JsonElement element) => OffsetDateTimePattern.Rfc3339.Parse(element.GetString()!).Value.ToInstant();

    private static decimal Number(JsonElement element) =>
        element.ValueKind is JsonValueKind.Null ? 0 : decimal.Parse(element.ToString(), NumberStyles.Number, CultureInfo.InvariantCulture);

    private static string? Differs<T>(string what, T expected, T actual) => Equals(expected, actual) ? null : $"{what} {expected} expected, not {actual}";
}
