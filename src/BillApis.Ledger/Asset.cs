using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Ledger;

/// <summary>What an account counts, and how finely: <c>USD/2</c> in cents, <c>USD/8</c> for spend tracking, <c>credits/0</c> in whole credits.</summary>
[JsonConverter(typeof(AssetJson))]
public readonly record struct Asset
{
    private const int MaxScale = 12;
    private readonly string? _code;

    /// <summary>An asset of a code of letters and digits, counted in units of 10 to the power of minus <paramref name="scale"/>.</summary>
    /// <exception cref="ArgumentException">The code is empty or holds other signs, or the scale is not 0 to 12.</exception>
    public Asset(string code, int scale)
    {
        ArgumentNullException.ThrowIfNull(code);
        if (!IsValid(code, scale))
        {
            throw new ArgumentException($"'{code}/{scale}' is not an asset like USD/2.", nameof(code));
        }

        (_code, Scale) = (code, scale);
    }

    /// <summary>The currency or other thing counted, for example <c>USD</c>.</summary>
    public string Code => _code ?? "XXX";

    /// <summary>How many decimal digits one counted unit has.</summary>
    public int Scale { get; }

    /// <summary>A currency in its own minor units, as invoices and payments are.</summary>
    public static Asset Of(Currency currency) => new(currency.Code, currency.MinorUnitDigits);

    /// <summary>The amount in whole units of the code, for example 12.34 dollars for 1234 of USD/2.</summary>
    public decimal ToMajorUnits(long amount) => amount * new decimal(1, 0, 0, false, (byte)Scale);

    /// <summary>Reads the text form; false where it is not an asset.</summary>
    public static bool TryParse(string? text, out Asset asset)
    {
        var parts = text?.Split('/') ?? [];
        var valid = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var scale) && IsValid(parts[0], scale);
        asset = valid ? new Asset(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture)) : default;
        return valid;
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not an asset.</exception>
    public static Asset Parse(string text) => TryParse(text, out var asset) ? asset : throw new FormatException($"'{text}' is not an asset like USD/2.");

    /// <summary>For example <c>USD/2</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code}/{Scale}");

    private static bool IsValid(string code, int scale) => code.Length is > 0 and <= 16 && code.All(char.IsAsciiLetterOrDigit) && scale is >= 0 and <= MaxScale;
}

internal sealed class AssetJson : JsonConverter<Asset>
{
    public override Asset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Asset.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Asset value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
