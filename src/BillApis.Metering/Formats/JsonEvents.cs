using System.Text.Json;
using System.Text.Unicode;

namespace BillApis.Metering;

/// <summary>Reads the fields of the object that the reader stands at.</summary>
internal delegate void ReadFields(ref Utf8JsonReader reader, EventDraft draft);

/// <summary>Reads events out of JSON texts in one pass, strictly: UTF-8, no comments, no name twice, bounded depth.</summary>
internal static class JsonEvents
{
    private const string List = "events";

    public static JsonReaderOptions Strict { get; } = new() { MaxDepth = 32 };

    /// <summary>One event: what is wrong with it is an error of the record.</summary>
    public static ReadEvent ReadOne(ReadOnlySpan<byte> json, ReadFields fields, EventDraft draft)
    {
        try
        {
            CheckText(json);
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            var item = ReadItem(ref reader, fields, draft);
            reader.Read();
            return item;
        }
        catch (JsonException exception)
        {
            draft.Take();
            return ReadEvent.Refused("body", Malformed(exception));
        }
        catch (BillingException refusal)
        {
            return new ReadEvent(null, null, refusal.Details);
        }
    }

    /// <summary>One event, or many under <c>events</c>; one event alone is refused like any other request.</summary>
    public static void ReadBody(ReadOnlySpan<byte> json, ReadFields fields, EventDraft draft, Action<ReadEvent> add) => Read(json, (ref Utf8JsonReader reader) =>
    {
        var peek = reader;
        if (reader.TokenType is JsonTokenType.StartObject && peek.Read() && peek.TokenType is JsonTokenType.PropertyName && peek.ValueTextEquals(List))
        {
            reader.Read();
            reader.Read();
            ReadList(ref reader, List, fields, draft, add);
            if (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                throw BillingException.Field(Name(ref reader), "is not a known field beside events");
            }
        }
        else
        {
            add(Whole(ReadItem(ref reader, fields, draft)));
        }
    });

    /// <summary>Exactly one event.</summary>
    public static void ReadSingle(ReadOnlySpan<byte> json, ReadFields fields, EventDraft draft, Action<ReadEvent> add) =>
        Read(json, (ref Utf8JsonReader reader) => add(Whole(ReadItem(ref reader, fields, draft))));

    /// <summary>A list of events.</summary>
    public static void ReadArray(ReadOnlySpan<byte> json, ReadFields fields, EventDraft draft, Action<ReadEvent> add) =>
        Read(json, (ref Utf8JsonReader reader) => ReadList(ref reader, "body", fields, draft, add));

    /// <summary>The name that the reader stands at; a mark where it is no text.</summary>
    public static string Name(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private delegate void ReadValue(ref Utf8JsonReader reader);

    private static void Read(ReadOnlySpan<byte> json, ReadValue read)
    {
        CheckText(json);
        try
        {
            var reader = new Utf8JsonReader(TextEvents.WithoutMark(json), Strict);
            reader.Read();
            read(ref reader);
            while (reader.Read())
            {
                // To the end: what stands behind the value is refused by the reader.
            }
        }
        catch (JsonException exception)
        {
            throw Refusal(Malformed(exception));
        }
    }

    private static void ReadList(ref Utf8JsonReader reader, string field, ReadFields fields, EventDraft draft, Action<ReadEvent> add)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            throw BillingException.Field(field, "must be a list");
        }

        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            add(ReadItem(ref reader, fields, draft));
        }
    }

    private static ReadEvent ReadItem(ref Utf8JsonReader reader, ReadFields fields, EventDraft draft)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return ReadEvent.Refused("body", "must be an object");
        }

        fields(ref reader, draft);
        return draft.Take();
    }

    private static ReadEvent Whole(ReadEvent item) =>
        item.Event is not null ? item : throw new BillingException(BillingErrorCode.Invalid, BillingException.Field(item.Errors[0].Field, item.Errors[0].Message).Message) { Details = item.Errors };

    private static void CheckText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            throw Refusal("must be text in UTF-8");
        }
    }

    private static BillingException Refusal(string problem) => new(BillingErrorCode.Invalid, $"Validation error: the body {problem}") { Details = [new FieldError("body", problem)] };

    private static string Malformed(JsonException exception) =>
        $"is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}): {exception.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}";
}
