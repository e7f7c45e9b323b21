using System.Buffers;
using System.Text.Json;

namespace BillApis.Invoicing;

/// <summary>The one spelling of a JSON value: names in ordinal order, no white space, and nothing that says nothing (null, false, empty arrays and objects), so that a field that is added later changes no old document.</summary>
public static class CanonicalJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = BillingJson.Options.Encoder };

    /// <summary>The bytes of a value in UTF-8.</summary>
    /// <param name="value">What is written; numbers keep their digits.</param>
    /// <param name="leaveOut">Fields of the outermost object that are left out.</param>
    public static byte[] Write(JsonElement value, params IReadOnlyCollection<string> leaveOut)
    {
        ArgumentNullException.ThrowIfNull(leaveOut);
        return Write(value, leaveOut, keeps: false);
    }

    /// <summary>The same with all that it has, also what says nothing.</summary>
    public static byte[] WriteWhole(JsonElement value, params IReadOnlyCollection<string> leaveOut)
    {
        ArgumentNullException.ThrowIfNull(leaveOut);
        return Write(value, leaveOut, keeps: true);
    }

    /// <summary>The bytes of a thing as billing writes it.</summary>
    public static byte[] Of<T>(T value, params IReadOnlyCollection<string> leaveOut)
    {
        ArgumentNullException.ThrowIfNull(leaveOut);
        return OfWritten(JsonSerializer.SerializeToUtf8Bytes(value, BillingJson.Options), leaveOut);
    }

    /// <summary>The bytes of what is spelled as billing writes it.</summary>
    internal static byte[] OfWritten(byte[] json, IReadOnlyCollection<string> leaveOut) =>
        CanonicalCopy.TryWrite(json, leaveOut as string[] ?? [.. leaveOut], out var canonical) ? canonical : Write(JsonSerializer.Deserialize<JsonElement>(json, BillingJson.Options), leaveOut);

    private static byte[] Write(JsonElement value, IReadOnlyCollection<string> leaveOut, bool keeps)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            Write(writer, value, leaveOut, keeps);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, IReadOnlyCollection<string> leaveOut, bool keeps)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, said) in Properties(value, leaveOut, keeps))
                {
                    writer.WritePropertyName(name);
                    Write(writer, said, [], keeps);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, [], keeps);
                }

                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    // A name becomes a text once: comparing asks for it again and again. Sorting keeps the order of names that are the same.
    private static List<(string Name, JsonElement Value)> Properties(JsonElement value, IReadOnlyCollection<string> leaveOut, bool keeps)
    {
        var properties = new List<(string Name, JsonElement Value)>();
        foreach (var property in value.EnumerateObject())
        {
            if ((keeps || Says(property.Value)) && property.Name is var name && (leaveOut.Count == 0 || !leaveOut.Contains(name)))
            {
                var place = properties.Count;
                while (place > 0 && string.CompareOrdinal(properties[place - 1].Name, name) > 0)
                {
                    place--;
                }

                properties.Insert(place, (name, property.Value));
            }
        }

        return properties;
    }

    private static bool Says(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.False => false,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => SaysAny(value.EnumerateObject()),
        _ => true,
    };

    private static bool SaysAny(JsonElement.ObjectEnumerator properties)
    {
        foreach (var property in properties)
        {
            if (Says(property.Value))
            {
                return true;
            }
        }

        return false;
    }
}
