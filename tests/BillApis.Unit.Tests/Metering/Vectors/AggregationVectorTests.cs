using System.Text.Json.Nodes;
using BillApis.Metering;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Pricing.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Metering.Vectors;

/// <summary>The peers' own cases of counting usage; what differs on purpose stands in <c>tests/Shared/Vectors/reasons.txt</c>.</summary>
public sealed class AggregationVectorTests
{
    private static readonly string[] Compared = ["units", "value", "value_scale", "events_count", "variation", "groups", "per_event", "windows", "window_hours"];

    [Fact]
    public Task Aggregations() => VectorRun.CheckAsync("aggregations", Reasons.All, new Dictionary<string, string>(), vector => Task.FromResult(Problem(vector)));

    internal static string? Problem(Vector vector)
    {
        if (vector.Expected.Select(item => item.Key).Except(Compared).FirstOrDefault() is { } field)
        {
            return $"{field}: not compared";
        }

        if (vector.Inputs["units"] is { } units)
        {
            return Differs("units", vector.Expected["units"], Rounding(vector.Inputs)!.Round(Vector.Number(units)!.Value));
        }

        // The peers pass over what they cannot measure; our intake refuses it, so that it never comes to be counted.
        var (metric, request) = (PeerMetric.Of(vector), PeerMetric.Request(vector));
        var events = PeerMetric.Events(vector).Where(item => metric.Measure(item.Event, out _) is null).ToList();
        var whole = UsageCalculator.ReadStored(request, events);
        return (vector.Expected.ContainsKey("value") ? Differs("value", vector, vector.Expected["value"], vector.Inputs["then"] is { } then ? Then(vector, then, request, events) : whole.Groups.Single().Value) : null)
            ?? (vector.Expected["events_count"] is { } count ? Differs("events_count", count, whole.Events - events.Count(item => item.Event.Source == PeerMetric.InitialSource)) : null)
            ?? (vector.Expected["variation"] is { } variation ? Differs("variation", variation, UsageCalculator.ReadStored(request with { Metric = metric with { Aggregation = Aggregation.Sum, Recurring = false } }, events).Groups.Single().Value) : null)
            ?? (vector.Expected["groups"] is JsonArray groups ? Groups(vector, groups, whole) : null)
            ?? (vector.Expected["per_event"] is JsonArray each ? PerEvent(vector, each, request, events) : null)
            ?? (vector.Expected["windows"] is JsonArray windows ? Windows(vector, windows, request, events) : null);
    }

    private static string? PerEvent(Vector vector, JsonArray expected, UsageRequest request, List<StoredEvent> events) =>
        expected.Zip(events, (wanted, item) => Differs("per_event", vector, wanted, UsageCalculator.ReadStored(request, [item]).Groups.Single().Value)).FirstOrDefault(problem => problem is not null);

    private static string? Groups(Vector vector, JsonArray expected, UsageReading whole)
    {
        var counted = expected.Any(group => group!["events_count"] is not null);
        var wanted = expected.Select(group =>
            $"{Dimensions.Of(group!["key"]!.AsObject().Select(item => KeyValuePair.Create(item.Key, Vector.Text(item.Value))))} {Exact.Format(Vector.Number(group["value"])!.Value)}{(counted ? $" {group["events_count"]}" : "")}");
        var read = whole.Groups.Select(group => $"{group.Dimensions} {Exact.Format(Scaled(vector, group.Value))}{(counted ? $" {group.Events}" : "")}");
        return Same("groups", string.Join("; ", wanted.Order(StringComparer.Ordinal)), string.Join("; ", read.Order(StringComparer.Ordinal)));
    }

    private static string? Windows(Vector vector, JsonArray expected, UsageRequest request, List<StoredEvent> events)
    {
        var counted = Counted(vector, request, events);
        return Same(
                "windows",
                string.Join("; ", expected.Select(window => $"{PeerMetric.At(window!["start"])} {PeerMetric.At(window["end"])} {Exact.Format(Vector.Number(window["value"]) ?? 0)}")),
                string.Join("; ", counted.Select(reading => $"{reading.Request.Period.Start} {reading.Request.Period.End} {Exact.Format(reading.Groups.Single().Value)}")))
            ?? (vector.Expected["window_hours"] is JsonArray hours ? Same("window_hours", string.Join(' ', hours), string.Join(' ', counted.Select(reading => Hours(reading.Request.Period)))) : null);
    }

    private static IEnumerable<UsageReading> Counted(Vector vector, UsageRequest request, List<StoredEvent> events)
    {
        var empty = vector.Inputs["fill_empty"]?.GetValue<bool>() is true;
        return PeerMetric.Windows(vector, request.Period).Select(window => UsageCalculator.ReadStored(request with { Period = window }, events)).Where(reading => empty || reading.Events > 0);
    }

    // What the windows come to are the events of another metric.
    private static decimal Then(Vector vector, JsonNode then, UsageRequest request, List<StoredEvent> events)
    {
        var windows = Counted(vector, request, events).Select(reading => new JsonObject { ["time"] = $"{reading.Request.Period.Start}", ["value"] = Exact.Format(reading.Groups.Single().Value) });
        var outer = vector with { Inputs = new JsonObject { ["aggregation"] = then.DeepClone(), ["from"] = $"{request.Period.Start}", ["to"] = $"{request.Period.End}", ["events"] = new JsonArray([.. windows]) } };
        return UsageCalculator.ReadStored(PeerMetric.Request(outer), [.. PeerMetric.Events(outer)]).Groups.Single().Value;
    }

    private static long Hours(Interval window) => window.Duration.BclCompatibleTicks / NodaConstants.TicksPerHour;

    internal static QuantityRounding? Rounding(JsonObject inputs) => inputs["rounding"] is not { } rounding ? null : new QuantityRounding(
        Vector.Text(rounding["function"]) switch { "ceil" => RoundingDirection.Up, "floor" => RoundingDirection.Down, _ => RoundingDirection.HalfUp }, rounding["precision"]!.GetValue<int>());

    private static decimal Scaled(Vector vector, decimal value) =>
        vector.Expected["value_scale"] is { } scale ? Math.Round(value, scale.GetValue<int>(), MidpointRounding.AwayFromZero) : value;

    // Where a peer has no value, ours is zero, of no events.
    private static string? Differs(string what, Vector vector, JsonNode? expected, decimal actual) => Differs(what, expected ?? JsonValue.Create(0), Scaled(vector, actual));

    private static string? Differs(string what, JsonNode? expected, decimal actual) => Same(what, Vector.Number(expected), actual);

    private static string? Same<T>(string what, T expected, T actual) => Equals(expected, actual) ? null : $"{what} {expected} expected, not {actual}";
}
