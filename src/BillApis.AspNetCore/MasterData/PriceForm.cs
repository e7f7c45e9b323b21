using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>The fields that every price has, in a request and in an answer; which of them belong together follows from the model.</summary>
internal record PriceForm
{
    private static readonly ImmutableArray<string> Others = ["id", "code", "name", "description", "product_id", "metric_id", "entitlements", "metadata"];

    public required Currency Currency { get; init; }
    public required string Model { get; init; }
    public decimal? Amount { get; init; }
    public decimal? UnitAmount { get; init; }
    public ImmutableArray<TierForm>? Tiers { get; init; }
    public decimal? PackageSize { get; init; }
    public decimal? PackageAmount { get; init; }
    public PackageRounding? PackageRounding { get; init; }
    public decimal? Rate { get; init; }
    public decimal? FixedPerEvent { get; init; }
    public int? FreeEvents { get; init; }
    public decimal? FreeAmount { get; init; }
    public decimal? MinPerEvent { get; init; }
    public decimal? MaxPerEvent { get; init; }
    public string? AmountProperty { get; init; }
    public decimal? Multiplier { get; init; }
    public ImmutableArray<string>? Dimensions { get; init; }
    public ImmutableArray<CellForm>? Cells { get; init; }
    public decimal? DefaultUnitAmount { get; init; }
    public string? Interval { get; init; }
    public int? IntervalCount { get; init; }
    public BillingTiming? Timing { get; init; }
    public Proration? Proration { get; init; }
    public decimal? IncludedQuantity { get; init; }
    public decimal? MinimumAmount { get; init; }
    public decimal? MaximumAmount { get; init; }
    public bool? FlatWhenZero { get; init; }
    public bool? AllowNegative { get; init; }
    public JsonElement? UnitConversion { get; init; }
    public ImmutableArray<string>? GroupBy { get; init; }
    public Semantics? Semantics { get; init; }
    public ImmutableArray<JsonElement>? CurrencyOptions { get; init; }
    public string? TaxCategory { get; init; }

    /// <summary>Reads the terms from the object as it was sent; every refusal names the field under the path.</summary>
    public static PriceTerms TermsOf(JsonElement sent, string path = "")
    {
        var said = new JsonObject();
        foreach (var field in sent.EnumerateObject().Where(field => field.Value.ValueKind is not JsonValueKind.Null))
        {
            said[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        }

        return PriceTerms.Read(JsonSerializer.SerializeToElement(said), path, Others);
    }
}

internal sealed record TierForm
{
    public decimal? UpTo { get; init; }
    public decimal? UnitAmount { get; init; }
    public decimal? FlatAmount { get; init; }
    public decimal? Rate { get; init; }
}

internal sealed record CellForm
{
    public required JsonElement Values { get; init; }
    public required decimal UnitAmount { get; init; }
}
