using System.Buffers.Text;
using System.Text.Json;

namespace BillApis.Metering;

/// <summary>Reads an event in the JSON format of CloudEvents 1.0: the subject is the customer, the data are the properties.</summary>
/// <remarks>Extension attributes are checked as the specification says and left aside; <c>subscriptionid</c> names the subscription.</remarks>
internal static class CloudEventJson
{
    private static readonly string[] Names = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "subscriptionid", "data", "data_base64"];
    private const int RequiredNames = 4;

    /// <summary>Reads the object that the reader stands at, up to its end.</summary>
    public static void Read(ref Utf8JsonReader reader, EventDraft draft)
    {
        var (given, contentType, base64) = (0, (string?)null, (string?)null);
        var data = reader;
        var extensions = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = JsonEvents.Name(ref reader);
            var bit = Array.IndexOf(Names, name);
            reader.Read();
            if (bit < 0)
            {
                ReadExtension(ref reader, draft, name, extensions.Add(name));
                continue;
            }

            draft.Once(bit, name);
            given |= reader.TokenType is JsonTokenType.Null ? 0 : 1 << bit;
            switch (name)
            {
                case "data":
                    data = reader;
                    reader.Skip();
                    break;
                case "data_base64":
                    base64 = Attribute(ref reader, draft, name);
                    break;
                case "datacontenttype":
                    contentType = Attribute(ref reader, draft, name);
                    break;
                default:
                    ReadAttribute(ref reader, draft, name);
                    break;
            }
        }

        foreach (var missing in Names.Take(RequiredNames).Where((_, bit) => (given & (1 << bit)) == 0))
        {
            draft.Refuse(missing, "is required");
        }

        var hasData = (given & (1 << Array.IndexOf(Names, "data"))) != 0;
        ReadData(ref data, draft, hasData, base64, contentType);
    }

    private static void ReadAttribute(ref Utf8JsonReader reader, EventDraft draft, string name)
    {
        if (name is "time")
        {
            draft.Timestamp = draft.Time(ref reader, name);
            return;
        }

        var text = Attribute(ref reader, draft, name);
        switch (name)
        {
            case "id":
                draft.Id = text;
                break;
            case "source":
                draft.Source = text;
                break;
            case "type":
                draft.Type = text;
                break;
            case "subject":
                draft.Customer = text;
                break;
            case "subscriptionid":
                draft.SetSubscription(text, name);
                break;
            case "specversion" when text is not null and not "1.0":
                draft.Refuse(name, "must be 1.0");
                break;
        }
    }

    private static string? Attribute(ref Utf8JsonReader reader, EventDraft draft, string name)
    {
        var text = draft.Text(ref reader, name);
        if (text is "")
        {
            draft.Refuse(name, "must not be empty");
        }

        return text;
    }

    private static void ReadExtension(ref Utf8JsonReader reader, EventDraft draft, string name, bool isFirst)
    {
        if (!isFirst)
        {
            draft.Refuse(name, "is there twice");
        }
        else if (name.Length == 0 || !name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)))
        {
            draft.Refuse(name, "is not a name for an attribute: lower-case letters and digits are allowed");
        }
        else if (!(reader.TokenType is JsonTokenType.String or JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null || (reader.TokenType is JsonTokenType.Number && reader.TryGetInt32(out _))))
        {
            draft.Refuse(name, "must be a string, a whole number of 32 bits, true or false");
        }

        reader.Skip();
    }

    private static void ReadData(ref Utf8JsonReader data, EventDraft draft, bool hasData, string? base64, string? contentType)
    {
        if ((hasData || base64 is not null) && !IsJson(contentType))
        {
            draft.Refuse("datacontenttype", "must be application/json: the data are the event's properties");
        }
        else if (hasData && base64 is not null)
        {
            draft.Refuse("data_base64", "must be left out where there is data");
        }
        else if (hasData)
        {
            draft.ReadProperties(ref data, "data");
        }
        else if (base64 is not null)
        {
            ReadBase64(draft, base64);
        }
    }

    private static void ReadBase64(EventDraft draft, string base64)
    {
        var bytes = Base64.IsValid(base64) ? Convert.FromBase64String(base64) : null;
        if (bytes is null || !System.Text.Unicode.Utf8.IsValid(bytes))
        {
            draft.Refuse("data_base64", "must be JSON text in base64");
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(bytes, JsonEvents.Strict);
            reader.Read();
            draft.ReadProperties(ref reader, "data");
            reader.Read();
        }
        catch (JsonException)
        {
            draft.Refuse("data_base64", "must be JSON text in base64");
        }
    }

    private static bool IsJson(string? contentType) =>
        contentType?.Split(';')[0].Trim() is not { } type || type.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
}
