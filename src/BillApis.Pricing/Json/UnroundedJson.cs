using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>An amount before its one rounding: a product of a price and a quantity has up to 24 fractional digits, twice as many as either, and all are kept.</summary>
internal sealed class UnroundedJson : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => writer.WriteRawValue(Exact.Format(value), skipInputValidation: true);
}
