using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>Terms as one flat object: the model's name, its fields, and what all prices share.</summary>
internal sealed class PriceTermsJson : JsonConverter<PriceTerms>
{
    public override PriceTerms Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return PriceTerms.Read(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, PriceTerms value, JsonSerializerOptions options) => PriceTermsReader.Write(writer, value);
}
