using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>Reads <see cref="PriceTerms"/> from the flat JSON form that requests and storage share.</summary>
internal static class PriceTermsReader
{
    private const string Once = "once";

    private static readonly Dictionary<string, Func<PriceFields, PriceModel>> Models = new(StringComparer.Ordinal)
    {
        ["flat"] = FlatPrice.Read,
        ["per_unit"] = PerUnitPrice.Read,
        ["graduated"] = GraduatedPrice.Read,
        ["volume"] = VolumePrice.Read,
        ["stairstep"] = StairstepPrice.Read,
        ["package"] = PackagePrice.Read,
        ["percentage"] = PercentagePrice.Read,
        ["graduated_percentage"] = GraduatedPercentagePrice.Read,
        ["dynamic"] = DynamicPrice.Read,
        ["matrix"] = MatrixPrice.Read,
    };

    public static PriceTerms Read(JsonElement json, string path, ImmutableArray<string> otherFields)
    {
        if (json.ValueKind is not JsonValueKind.Object)
        {
            throw BillingException.Field(path.Length == 0 ? "price" : path, "must be an object");
        }

        var fields = new PriceFields(json, path);
        var currency = fields.Currency("currency");
        var name = fields.OptionalText("model") ?? throw fields.Refuse("model", "is required");
        var read = Models.GetValueOrDefault(name) ?? throw fields.Refuse("model", $"must be one of {string.Join(", ", Models.Keys)}");
        var model = read(fields);
        var semantics = fields.Choice("semantics", Semantics.Billapis);
        var profile = SemanticsProfile.Of(semantics);
        var terms = new PriceTerms
        {
            Currency = currency,
            Model = model,
            Interval = ReadInterval(fields),
            Timing = fields.Choice("timing", model.IsMetered ? BillingTiming.InArrears : BillingTiming.InAdvance),
            Proration = fields.Choice("proration", Proration.BySecond),
            IncludedQuantity = fields.OptionalDecimal("included_quantity") ?? 0,
            MinimumAmount = fields.OptionalDecimal("minimum_amount"),
            MaximumAmount = fields.OptionalDecimal("maximum_amount"),
            FlatWhenZero = fields.OptionalFlag("flat_when_zero") ?? profile.FlatWhenZero,
            AllowNegative = fields.OptionalFlag("allow_negative") ?? false,
            UnitConversion = fields.Nested("unit_conversion", UnitConversion.Read) ?? (model is { PricedBy: PricedBy.Quantity, IsOfMoney: false } ? profile.Conversion : null),
            GroupBy = fields.Has("group_by") ? fields.Texts("group_by") : [],
            Semantics = semantics,
            CurrencyOptions = fields.Has("currency_options") ? fields.List("currency_options", option => new CurrencyOption(
                option.Currency("currency"), read(option), option.OptionalDecimal("minimum_amount"), option.OptionalDecimal("maximum_amount"))) : [],
            TaxCategory = fields.OptionalText("tax_category"),
        };
        fields.RefuseOthers(field => otherFields.Contains(field), $"a {name} price");
        return terms.Validated(path);
    }

    public static void Write(Utf8JsonWriter writer, PriceTerms terms)
    {
        writer.WriteStartObject();
        writer.WriteString("currency", terms.Currency.Code);
        writer.WriteString("model", terms.Model.Name);
        terms.Model.Write(writer);
        writer.WriteString("interval", terms.Interval is { } interval ? Wire.Name(interval.Unit) : Once);
        if (terms.Interval is { } counted)
        {
            writer.WriteNumber("interval_count", counted.Count);
        }

        writer.WriteString("timing", Wire.Name(terms.Timing));
        writer.WriteString("proration", Wire.Name(terms.Proration));
        writer.Exact("included_quantity", terms.IncludedQuantity);
        writer.Exact("minimum_amount", terms.MinimumAmount);
        writer.Exact("maximum_amount", terms.MaximumAmount);
        writer.WriteBoolean("flat_when_zero", terms.FlatWhenZero);
        writer.WriteBoolean("allow_negative", terms.AllowNegative);
        terms.UnitConversion?.Write(writer);
        writer.Texts("group_by", terms.GroupBy);
        writer.WriteString("semantics", Wire.Name(terms.Semantics));
        WriteOptions(writer, terms);
        writer.WriteString("tax_category", terms.TaxCategory);
        writer.WriteEndObject();
    }

    private static void WriteOptions(Utf8JsonWriter writer, PriceTerms terms)
    {
        writer.WriteStartArray("currency_options");
        foreach (var option in terms.CurrencyOptions)
        {
            writer.WriteStartObject();
            writer.WriteString("currency", option.Currency.Code);
            option.Model.Write(writer);
            writer.Exact("minimum_amount", option.MinimumAmount);
            writer.Exact("maximum_amount", option.MaximumAmount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static BillingInterval? ReadInterval(PriceFields fields)
    {
        var name = fields.OptionalText("interval") ?? Wire.Name(IntervalUnit.Month);
        var count = fields.OptionalCount("interval_count");
        if (name == Once)
        {
            return count is null or 1 ? null : throw fields.Refuse("interval_count", "does not belong to a price that is billed once");
        }

        if (!Wire.TryParse<IntervalUnit>(name, out var unit))
        {
            throw fields.Refuse("interval", $"must be one of {Wire.All<IntervalUnit>()}, {Once}");
        }

        return count is null or >= 1 && !(count > BillingInterval.LongestCount(unit))
            ? new BillingInterval(unit, count ?? 1)
            : throw fields.Refuse("interval_count", $"must be 1 to {BillingInterval.LongestCount(unit)} for {name}");
    }
}
