using System.Text.Json;

namespace BillApis.Metering;

/// <summary>Reads an event as it is written in JSON: <c>{"id", "type", "customer_id", "timestamp", "properties", "subscription_id", "source"}</c>.</summary>
internal static class EventJson
{
    /// <summary>The names of the fields.</summary>
    public static readonly string[] Fields = ["id", "type", "customer_id", "timestamp", "subscription_id", "source"];

    /// <summary>Reads the object that the reader stands at, up to its end.</summary>
    public static void Read(ref Utf8JsonReader reader, EventDraft draft)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                Next(ref reader, draft, 0, "id");
                draft.Id = draft.Text(ref reader, "id");
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                Next(ref reader, draft, 1, "type");
                draft.Type = draft.Text(ref reader, "type");
            }
            else if (reader.ValueTextEquals("customer_id"u8))
            {
                Next(ref reader, draft, 2, "customer_id");
                draft.Customer = draft.Text(ref reader, "customer_id");
            }
            else if (reader.ValueTextEquals("timestamp"u8))
            {
                Next(ref reader, draft, 3, "timestamp");
                draft.Timestamp = draft.Time(ref reader, "timestamp");
            }
            else if (reader.ValueTextEquals("properties"u8))
            {
                Next(ref reader, draft, 4, "properties");
                draft.ReadProperties(ref reader, "properties");
            }
            else
            {
                ReadRare(ref reader, draft);
            }
        }
    }

    private static void ReadRare(ref Utf8JsonReader reader, EventDraft draft)
    {
        if (reader.ValueTextEquals("subscription_id"u8))
        {
            Next(ref reader, draft, 5, "subscription_id");
            draft.SetSubscription(draft.Text(ref reader, "subscription_id"), "subscription_id");
        }
        else if (reader.ValueTextEquals("source"u8))
        {
            Next(ref reader, draft, 6, "source");
            draft.Source = draft.Text(ref reader, "source");
        }
        else
        {
            draft.Refuse(JsonEvents.Name(ref reader), "is not a known field");
            reader.Read();
            reader.Skip();
        }
    }

    private static void Next(ref Utf8JsonReader reader, EventDraft draft, int bit, string field)
    {
        draft.Once(bit, field);
        reader.Read();
    }
}
