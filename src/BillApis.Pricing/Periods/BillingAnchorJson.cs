using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>Anchors as <c>"subscription"</c>, <c>"calendar"</c> or <c>{"day": 15}</c>.</summary>
internal sealed class BillingAnchorJson : JsonConverter<BillingAnchor>
{
    private const string Allowed = "must be \"subscription\", \"calendar\" or {\"day\": 1 to 31}";

    public override BillingAnchor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var json = document.RootElement;
        return json.ValueKind switch
        {
            JsonValueKind.String when json.ValueEquals("subscription") => BillingAnchor.Subscription,
            JsonValueKind.String when json.ValueEquals("calendar") => BillingAnchor.Calendar,
            JsonValueKind.Object when json.EnumerateObject().Count() == 1
                && json.TryGetProperty("day", out var day)
                && day.ValueKind is JsonValueKind.Number
                && day.TryGetInt32(out var number)
                && number is >= 1 and <= 31 => BillingAnchor.OnDay(number),
            _ => throw new JsonException(Allowed),
        };
    }

    public override void Write(Utf8JsonWriter writer, BillingAnchor value, JsonSerializerOptions options)
    {
        if (value is DayAnchor anchor)
        {
            writer.WriteStartObject();
            writer.WriteNumber("day", anchor.Day);
            writer.WriteEndObject();
            return;
        }

        writer.WriteStringValue(value is CalendarAnchor ? "calendar" : "subscription");
    }
}
