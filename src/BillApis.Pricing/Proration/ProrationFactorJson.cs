using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>A factor as the exact ratio that it is: <c>"17/31"</c>.</summary>
internal sealed class ProrationFactorJson : JsonConverter<ProrationFactor>
{
    public override ProrationFactor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var parts = (reader.TokenType is JsonTokenType.String ? reader.GetString()! : "").Split('/');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var numerator)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var denominator)
            && denominator > 0 && numerator <= denominator
            ? new ProrationFactor(numerator, denominator)
            : throw new JsonException("is not a ratio like 17/31");
    }

    public override void Write(Utf8JsonWriter writer, ProrationFactor value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
