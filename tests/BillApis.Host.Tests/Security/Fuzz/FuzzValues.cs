using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.Security.Fuzz;

/// <summary>Values after a JSON schema: mostly such as it asks for, at its bounds, and now and then of another kind altogether.</summary>
internal sealed class FuzzValues(Random random, JsonElement schemas, IReadOnlyList<string> names)
{
    private const int MostDepth = 5;

    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2", "10", "0.5", "-0", "100", "0.000000000001", "0.0000000000001", "999999999999999.999999999999", "1000000000000000", "79228162514264337593543950335", "79228162514264337593543950336", "-79228162514264337593543950336",
        "1e28", "1e-28", "1e400", "-1e400", "1E+2", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "18446744073709551616", "0.1e1", "123456789012345678901234567890.123456789",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "a", "\u0000", "\u0001\u001f\u007f", "\r\nX-Injected: 1", "null", "true", "NaN", "Infinity", "-1", "1e400", "0x10", "00000000-0000-0000-0000-000000000000", "'; drop table billing_customer; --", "%", "%%s%n", "_", "\\", "\"", "<script>alert(1)</script>",
        "../../etc/passwd", "{{7*7}}", "${jndi:ldap://x}", "\u202eabc", "e\u0301", "ﷺ", "𝕏😀", "İıſ", "ß", "\ufffe", "\uffff", "USD", "usd", "XXX", "EUR", "JPY", "Europe/Paris", "Mars/Olympus", "2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "-9998-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00+14:00", "calendar", "customers:read", "*:*", "a@b", "@", "10.0.0.0/8", "::1/129", "http://127.0.0.1/", "1/0", "a + b * c", "((((((((((", "de-DE", "xx-YY", "DE",
    ];

    /// <summary>A text of JSON; not always of the schema's kind.</summary>
    public JsonNode? Of(JsonElement schema, int depth = 0)
    {
        if (random.Next(14) == 0 || schema.ValueKind is not JsonValueKind.Object)
        {
            return Anything(depth);
        }

        if (schema.TryGetProperty("$ref", out var target))
        {
            return depth > MostDepth ? null : Of(schemas.GetProperty(target.GetString()!.Split('/')[^1]), depth + 1);
        }

        if (schema.TryGetProperty("anyOf", out var any))
        {
            return Of(any[random.Next(any.GetArrayLength())], depth + 1);
        }

        if (schema.TryGetProperty("enum", out var choices))
        {
            return JsonNode.Parse(choices[random.Next(choices.GetArrayLength())].GetRawText());
        }

        if (schema.TryGetProperty("examples", out var examples) && random.Next(3) > 0)
        {
            return JsonNode.Parse(examples[random.Next(examples.GetArrayLength())].GetRawText());
        }

        var format = schema.TryGetProperty("format", out var known) ? known.GetString() : null;
        return Kind(schema) switch
        {
            "object" => Fields(schema, depth),
            "array" => Items(schema, depth),
            "boolean" => JsonValue.Create(random.Next(2) == 0),
            "integer" => Number(whole: true),
            "number" => Number(whole: false),
            "string" when format == "date-time" => JsonValue.Create(DateTime.UnixEpoch.AddSeconds(1_767_225_600 + random.Next(-100_000_000, 100_000_000)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
            "string" => JsonValue.Create(Text()),
            _ => null,
        };
    }

    /// <summary>A text as a query or a path may hold it.</summary>
    public string Text() => random.Next(10) switch
    {
        < 4 when names.Count > 0 => names[random.Next(names.Count)],
        < 7 => $"word-{random.Next(50)}",
        7 => new string((char)random.Next('a', 'z'), random.Next(1, random.Next(20) == 0 ? 70_000 : 300)),
        _ => Texts[random.Next(Texts.Length)],
    };

    public string NumberText() => random.Next(3) == 0 ? random.Next(-5, 1000).ToString(CultureInfo.InvariantCulture) : Numbers[random.Next(Numbers.Length)];

    private JsonNode? Number(bool whole) => random.Next(3) == 0 || whole && random.Next(3) > 0 ? JsonValue.Create(random.Next(-2, 500)) : random.Next(6) == 0 ? JsonValue.Create(NumberText()) : JsonNode.Parse(NumberText());

    private JsonNode? Anything(int depth) => random.Next(7) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(2) == 0),
        2 => JsonNode.Parse(NumberText()),
        3 => new JsonArray(),
        4 => new JsonObject { [Key()] = depth > MostDepth ? null : Anything(depth + 1) },
        5 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => depth > MostDepth ? null : Anything(depth + 1))]),
        _ => JsonValue.Create(Text()),
    };

    private string Key() => random.Next(2) == 0 ? "nonsense" : $"k{random.Next(9)}";

    private JsonObject Fields(JsonElement schema, int depth)
    {
        var fields = new JsonObject();
        var required = schema.TryGetProperty("required", out var needed) ? needed.EnumerateArray().Select(item => item.GetString()).ToHashSet() : [];
        foreach (var property in schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().ToList() : [])
        {
            if (random.Next(12) > 0 && (required.Contains(property.Name) || random.Next(3) == 0) && depth <= MostDepth)
            {
                fields[property.Name] = Of(property.Value, depth + 1);
            }
        }

        if (!schema.TryGetProperty("properties", out _) && schema.TryGetProperty("additionalProperties", out var more))
        {
            for (var i = random.Next(4); i > 0; i--)
            {
                fields[random.Next(2) == 0 ? "tokens" : Text()] = Of(more, depth + 1);
            }
        }

        if (random.Next(25) == 0)
        {
            fields[Key()] = Anything(depth);
        }

        return fields;
    }

    private JsonArray Items(JsonElement schema, int depth)
    {
        var items = schema.TryGetProperty("items", out var each) ? each : default;
        return depth > MostDepth ? [] : new JsonArray([.. Enumerable.Range(0, random.Next(40) == 0 ? 200 : random.Next(4)).Select(_ => Of(items, depth + 1))]);
    }

    private string? Kind(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return null;
        }

        return type.ValueKind is JsonValueKind.Array ? type[random.Next(type.GetArrayLength())].GetString() : type.GetString();
    }

    // As deep as it is: what closes it is there as well.
    private static byte[] Nested(string open, int depth) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(open[0] == '{' ? "}" : "]", depth)));

    // An overlong form, half of a pair, a lone continuation, or more than there is, in the middle of the text.
    private byte[] Invalid(byte[] text)
    {
        byte[][] wrong = [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]];
        var at = random.Next(text.Length);
        return [.. text[..at], .. wrong[random.Next(wrong.Length)], .. text[at..]];
    }

    /// <summary>The bytes of a body, now and then no JSON at all.</summary>
    public byte[] Bytes(JsonNode? value)
    {
        var text = value?.ToJsonString() ?? "null";
        return random.Next(80) switch
        {
            0 => Encoding.UTF8.GetBytes(text[..random.Next(text.Length)]),
            1 => [.. Encoding.UTF8.GetBytes(text), 0xff, 0xfe],
            2 => Encoding.UTF8.GetBytes(new string('[', random.Next(1, 5_000))),
            3 => Encoding.UTF8.GetBytes(text.Replace("\"", "\"\\ud800", StringComparison.Ordinal)),
            4 => Encoding.UTF8.GetBytes("{\"name\":1,\"name\":2," + text.TrimStart('{')),
            5 => Encoding.Unicode.GetBytes(text),
            6 => [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(text)],
            7 => [],
            8 => Nested(random.Next(2) == 0 ? "{\"a\":" : "[", random.Next(1, 60)),
            9 => Encoding.UTF8.GetBytes(text.Replace(':', ' ') + new string(',', 3)),
            10 => Encoding.UTF8.GetBytes(Regex.Replace(text, "[0-9]+", match => match.Value + new string('9', random.Next(1, 2_000)))),
            11 => Encoding.UTF8.GetBytes(Regex.Replace(text, "[0-9]+", match => $"{match.Value}e{random.Next(-2_000_000_000, 2_000_000_000)}")),
            12 => Invalid(Encoding.UTF8.GetBytes(text)),
            13 => Encoding.UTF8.GetBytes(Regex.Replace(text, "\"([a-z_]+)\":", match => $"{match.Value}null,{match.Value}")),
            14 => Encoding.UTF8.GetBytes($"/* c */ {text} // c"),
            15 => Encoding.UTF8.GetBytes(text + text),
            _ => Encoding.UTF8.GetBytes(text),
        };
    }
}
