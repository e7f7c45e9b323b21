using System.Text.Json;
using BillApis.Auditing;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>The request as the envelope sends it back: the body, or else the query; secrets are masked.</summary>
internal static class EchoedInput
{
    private static readonly object Key = new();

    /// <summary>Keeps a JSON body for the answer; a large one is not sent back.</summary>
    public static void Keep(HttpContext context, JsonElement body, long bytes) =>
        context.Items[Key] = bytes <= Limits.EchoedBytes ? body : JsonSerializer.SerializeToElement(new { omitted_bytes = bytes });

    /// <summary>The same for a body that is looked into only to write it; what is no JSON is not sent back.</summary>
    public static void Keep(HttpContext context, ReadOnlyMemory<byte> json)
    {
        if (json.Length <= Limits.EchoedBytes)
        {
            context.Items[Key] = json;
        }
        else
        {
            Keep(context, default, json.Length);
        }
    }

    public static void Write(Utf8JsonWriter writer, HttpContext context)
    {
        if (context.Items[Key] is ReadOnlyMemory<byte> json && JsonBody.TryParse(json) is { } parsed)
        {
            Write(writer, parsed);
            return;
        }

        if (context.Items[Key] is JsonElement body)
        {
            Write(writer, body);
            return;
        }

        writer.WriteStartObject();
        foreach (var (name, values) in context.Request.Query)
        {
            writer.WriteString(name, Secrets.IsSecret(name) ? Secrets.Mask : values.ToString());
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject())
                {
                    writer.WritePropertyName(property.Name);
                    if (Secrets.IsSecret(property.Name) && property.Value.ValueKind is not JsonValueKind.Null)
                    {
                        writer.WriteStringValue(Secrets.Mask);
                    }
                    else
                    {
                        Write(writer, property.Value);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
