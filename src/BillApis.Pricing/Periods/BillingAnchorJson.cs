using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>Anchors as <c>"subscription"</c>, <c>"calendar"</c> or <c>{"day": 15}</c>.</summary>
internal sealed class BillingAnchorJson : JsonConverter<BillingAnchor>
{
    private const string Allowed = "must be \"subscription\", \"calendar\", {\"day\": 1 to 31} or {\"at\": an instant}";

    public override BillingAnchor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var json = document.RootElement;
        return json.ValueKind switch
        {
            JsonValueKind.String when json.ValueEquals("subscription") => BillingAnchor.Subscription,
            JsonValueKind.String when json.ValueEquals("calendar") => BillingAnchor.Calendar,
            JsonValueKind.Object when json.EnumerateObject().ToArray() is [var only] => Read(only, options),
            _ => throw new JsonException(Allowed),
        };
    }

    public override void Write(Utf8JsonWriter writer, BillingAnchor value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case DayAnchor anchor:
                writer.WriteStartObject();
                writer.WriteNumber("day", anchor.Day);
                writer.WriteEndObject();
                break;
            case InstantAnchor anchor:
                writer.WriteStartObject();
                writer.WritePropertyName("at");
                JsonSerializer.Serialize(writer, anchor.Boundary, options);
                writer.WriteEndObject();
                break;
            default:
                writer.WriteStringValue(value is CalendarAnchor ? "calendar" : "subscription");
                break;
        }
    }

    private static BillingAnchor Read(JsonProperty only, JsonSerializerOptions options) => only switch
    {
        { Name: "day", Value.ValueKind: JsonValueKind.Number } when only.Value.TryGetInt32(out var day) && day is >= 1 and <= 31 => BillingAnchor.OnDay(day),
        { Name: "at", Value.ValueKind: JsonValueKind.String } => BillingAnchor.At(only.Value.Deserialize<Instant>(options)),
        _ => throw new JsonException(Allowed),
    };
}
