using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>The fields of one JSON object, read by name, each refusal naming the path; what nobody asked for is refused too.</summary>
internal sealed class PriceFields(JsonElement json, string path)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string Path { get; } = path;

    /// <summary>Whether the field is there; null counts as left out.</summary>
    public bool Has(string name) => Find(name) is not null;

    public decimal Decimal(string name) => OptionalDecimal(name) ?? throw Refuse(name, "is required");

    public decimal? OptionalDecimal(string name) => Find(name) is { } value ? Number(value, name) : null;

    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value when value.GetString() is { Length: > 0 and <= Limits.CodeLength } text => text,
        _ => throw Refuse(name, $"must be a text of 1 to {Limits.CodeLength} characters"),
    };

    public Currency Currency(string name) =>
        BillApis.Currency.TryParse(OptionalText(name) ?? throw Refuse(name, "is required"), out var currency) ? currency : throw Refuse(name, "must be an ISO 4217 currency code like USD");

    public int? OptionalCount(string name) => Find(name) switch
    {
        null => null,
        { } value when Number(value, name) is >= 0 and <= int.MaxValue and var number && decimal.IsInteger(number) => (int)number,
        _ => throw Refuse(name, "must be a whole number of 0 or more"),
    };

    public bool? OptionalFlag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Refuse(name, "must be true or false"),
    };

    public T Choice<T>(string name, T otherwise) where T : struct, Enum => OptionalChoice<T>(name) ?? otherwise;

    public T? OptionalChoice<T>(string name) where T : struct, Enum => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value when Wire.TryParse<T>(value.GetString(), out var known) => known,
        _ => throw Refuse(name, $"must be one of {Wire.All<T>()}"),
    };

    /// <summary>A list of objects, each with fields of its own; anything that an item holds beyond what is read is refused.</summary>
    public ImmutableArray<T> List<T>(string name, Func<PriceFields, T> read)
    {
        var list = Find(name) ?? throw Refuse(name, "is required");
        if (list.ValueKind is not JsonValueKind.Array)
        {
            throw Refuse(name, "must be a list");
        }

        return [.. list.EnumerateArray().Select((item, i) => One(item, $"{PriceCheck.Join(Path, name)}[{i}]", read))];
    }

    public JsonElement? Json(string name) => Find(name);

    public Instant? Moment(string name) => Find(name) is null ? null : Read<Instant>(name);

    public DateTimeZone? Zone(string name) => Find(name) is null ? null : Read<DateTimeZone>(name);

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> Texts(string name) => Find(name) is not { } list
        ? throw Refuse(name, "is required")
        : list.ValueKind is JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String && item.GetString() is { Length: > 0 and <= Limits.CodeLength })
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : throw Refuse(name, "must be a list of texts");

    /// <summary>One value for each dimension, as a list in their order or as an object by their names; null or a missing name takes any.</summary>
    public ImmutableArray<string?> Values(string name, ImmutableArray<string> dimensions)
    {
        var values = Find(name) ?? throw Refuse(name, "is required");
        var problem = $"must have a text or null for each of {string.Join(", ", dimensions)}";
        var found = values.ValueKind switch
        {
            JsonValueKind.Array when values.GetArrayLength() == dimensions.Length => values.EnumerateArray().ToArray(),
            JsonValueKind.Object when values.EnumerateObject().All(item => dimensions.Contains(item.Name)) =>
                [.. dimensions.Select(dimension => values.TryGetProperty(dimension, out var value) ? value : default)],
            _ => throw Refuse(name, problem),
        };
        return [.. found.Select(value => value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => TextOf(value),
            _ => throw Refuse(name, problem),
        })];
    }

    /// <summary>An object with fields of its own, or null.</summary>
    public T? Nested<T>(string name, Func<PriceFields, T> read) where T : class =>
        Find(name) is { } value ? One(value, PriceCheck.Join(Path, name), read) : null;

    public ImmutableArray<Tier> Tiers(bool flatOnly = false) => List("tiers", tier =>
    {
        _ = tier.Has("unit_amount") && flatOnly ? throw tier.Refuse("unit_amount", "does not belong to the stairstep model, whose steps have a flat_amount only") : 0;
        _ = !tier.Has("flat_amount") && (flatOnly || !tier.Has("unit_amount")) ? throw tier.Refuse(flatOnly ? "flat_amount" : "unit_amount", "is required") : 0;
        return new Tier(tier.Bound(), flatOnly ? 0 : tier.OptionalDecimal("unit_amount") ?? 0, tier.OptionalDecimal("flat_amount") ?? 0) { PackageSize = flatOnly ? null : tier.OptionalDecimal("package_size") };
    });

    /// <summary>The bound of a tier, which must be there: an open end is said, not forgotten.</summary>
    public decimal? Bound() => json.TryGetProperty("up_to", out _) ? OptionalDecimal("up_to") : throw Refuse("up_to", "is required: a number, or null for the last tier");

    public void RefuseOthers(Func<string, bool> allowed, string owner)
    {
        foreach (var property in json.EnumerateObject())
        {
            if (!_read.Contains(property.Name) && !allowed(property.Name))
            {
                throw Refuse(property.Name, $"does not belong to {owner}");
            }
        }
    }

    /// <summary>The value of an event property as text, which is what dimensions compare.</summary>
    public static string TextOf(JsonElement value) => value.ValueKind is JsonValueKind.String ? value.GetString()! : value.GetRawText();

    public BillingException Refuse(string name, string problem) => BillingException.Field(PriceCheck.Join(Path, name), problem);

    public static T One<T>(JsonElement json, string path, Func<PriceFields, T> read)
    {
        if (json.ValueKind is not JsonValueKind.Object)
        {
            throw BillingException.Field(path, "must be an object");
        }

        var fields = new PriceFields(json, path);
        var result = read(fields);
        fields.RefuseOthers(_ => false, "it");
        return result;
    }

    // With the converters that everything else is read with; their refusals follow the field's name.
    private T? Read<T>(string name)
    {
        try
        {
            return json.GetProperty(name).Deserialize<T>(BillingJson.Options);
        }
        catch (JsonException refusal)
        {
            throw Refuse(name, refusal.Message.Split(" Path:")[0]);
        }
    }

    private JsonElement? Find(string name)
    {
        _read.Add(name);
        return json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;
    }

    private decimal Number(JsonElement value, string name) =>
        value.ValueKind is JsonValueKind.Number or JsonValueKind.String
        && Exact.TryParse(value.ValueKind is JsonValueKind.String ? value.GetString() : value.GetRawText(), out var number)
            ? number
            : throw Refuse(name, $"must be a decimal number of at most 15 integer and {Limits.FractionDigits} fractional digits");
}
