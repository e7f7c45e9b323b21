using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Metering;

/// <summary>A JSON scalar of an event; a number keeps every digit that was sent.</summary>
[JsonConverter(typeof(PropertyValueJson))]
public readonly record struct PropertyValue
{
    private readonly string? _text;

    private PropertyValue(PropertyKind kind, string text) => (Kind, _text) = (kind, text);

    /// <summary>What the scalar is; <see cref="PropertyKind.Null"/> for the default value.</summary>
    public PropertyKind Kind { get; }

    /// <summary>The scalar without quotes; a number in its one canonical spelling, and nothing for null.</summary>
    public string Text => _text ?? "";

    /// <summary>A text.</summary>
    public static PropertyValue Of(string? text) => text is null ? default : new(PropertyKind.Text, text);

    /// <summary>A number.</summary>
    public static PropertyValue Of(decimal number) => new(PropertyKind.Number, Exact.Format(number));

    /// <summary>True or false.</summary>
    public static PropertyValue Of(bool value) => new(PropertyKind.Boolean, value ? "true" : "false");

    /// <summary>A number of any size as JSON spells it; one that cannot be kept exactly keeps its spelling.</summary>
    public static PropertyValue Number(string json) => new(PropertyKind.Number, Exact.TryParse(json, out var number) ? Exact.Format(number) : json);

    /// <summary>A number as JSON spells it in UTF-8.</summary>
    internal static PropertyValue Number(ReadOnlySpan<byte> json) =>
        IsCanonical(json) ? new(PropertyKind.Number, Encoding.ASCII.GetString(json)) : Number(Encoding.ASCII.GetString(json));

    /// <summary>The number, of a number or of a text that spells one; false for what is not a decimal of at most 15 integer and 12 fractional digits.</summary>
    public bool TryNumber(out decimal number)
    {
        number = 0;
        return Kind is PropertyKind.Number or PropertyKind.Text && Exact.TryParse(Text, out number);
    }

    /// <summary>Whether both say the same, whatever their kinds: the text "5" says what the number 5.0 says.</summary>
    public bool Says(PropertyValue other) =>
        string.Equals(Text, other.Text, StringComparison.Ordinal) || (TryNumber(out var left) && other.TryNumber(out var right) && left == right);

    /// <summary>Returns <see cref="Text"/>.</summary>
    public override string ToString() => Text;

    // Most numbers are sent as they are kept: a few digits without zeros that say nothing.
    private static bool IsCanonical(ReadOnlySpan<byte> json)
    {
        var digits = json.StartsWith("-"u8) ? json[1..] : json;
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits.Length : point;
        return whole <= 15 && !digits.ContainsAny("eE"u8)
            && (point >= 0 ? digits.Length - point - 1 <= Limits.FractionDigits && digits[^1] != '0' : digits[0] != '0' || json is [(byte)'0']);
    }

#pragma warning disable CS1591, CA2225 // They do what Of does.
    public static implicit operator PropertyValue(string? text) => Of(text);
    public static implicit operator PropertyValue(decimal number) => Of(number);
    public static implicit operator PropertyValue(int number) => Of((decimal)number);
    public static implicit operator PropertyValue(long number) => Of((decimal)number);
    public static implicit operator PropertyValue(bool value) => Of(value);
#pragma warning restore CS1591, CA2225
}

/// <summary>The kinds of JSON scalars.</summary>
public enum PropertyKind
{
    /// <summary>No value.</summary>
    Null,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,
}

internal sealed class PropertyValueJson : JsonConverter<PropertyValue>
{
    public override bool HandleNull => true;

    public override PropertyValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String:
                return PropertyValue.Of(reader.GetString());
            case JsonTokenType.True or JsonTokenType.False:
                return PropertyValue.Of(reader.GetBoolean());
            case JsonTokenType.Number:
                using (var number = JsonDocument.ParseValue(ref reader))
                {
                    return PropertyValue.Number(number.RootElement.GetRawText());
                }

            default:
                throw new JsonException("is not a text, a number, true, false or null");
        }
    }

    public override void Write(Utf8JsonWriter writer, PropertyValue value, JsonSerializerOptions options)
    {
        switch (value.Kind)
        {
            case PropertyKind.Null:
                writer.WriteNullValue();
                break;
            case PropertyKind.Text:
                writer.WriteStringValue(value.Text);
                break;
            default:
                writer.WriteRawValue(value.Text, skipInputValidation: true);
                break;
        }
    }
}
