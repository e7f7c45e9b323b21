using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>When a period is billed.</summary>
public enum BillingTiming
{
    /// <summary>When it begins.</summary>
    InAdvance,

    /// <summary>When it is over.</summary>
    InArrears,
}

/// <summary>Everything that rating needs to know of a price; what stands here was checked when it was made.</summary>
[JsonConverter(typeof(PriceTermsJson))]
public sealed record PriceTerms
{
    /// <summary>The currency of all amounts.</summary>
    public required Currency Currency { get; init; }

    /// <summary>How a quantity becomes an amount.</summary>
    public required PriceModel Model
    {
        get;
        init => (field, PricedBy) = (value, value.PricedBy);
    }

    /// <summary>How often it is billed; null for once.</summary>
    public BillingInterval? Interval { get; init; } = new BillingInterval(IntervalUnit.Month, 1);

    /// <summary>When a period is billed.</summary>
    public BillingTiming Timing { get; init; } = BillingTiming.InArrears;

    /// <summary>What a part of a period costs.</summary>
    public Proration Proration { get; init; } = Proration.BySecond;

    /// <summary>How many units of each period are free.</summary>
    public decimal IncludedQuantity
    {
        get;
        init => (field, HasIncluded) = (value, value != 0);
    }

    /// <summary>The least that a whole period costs, or null.</summary>
    public decimal? MinimumAmount { get; init; }

    /// <summary>The most that a whole period costs, or null.</summary>
    public decimal? MaximumAmount { get; init; }

    /// <summary>Whether the first tier's flat amount is due where nothing was used.</summary>
    public bool FlatWhenZero { get; init; }

    /// <summary>Whether a negative quantity is a credit instead of an error.</summary>
    public bool AllowNegative { get; init; }

    /// <summary>How metered quantities become priced units, or null where they are the same.</summary>
    public UnitConversion? UnitConversion { get; init; }

    /// <summary>The event properties whose values are priced each for itself, a line each; empty for one line.</summary>
    public ImmutableArray<string> GroupBy { get; init; } = [];

    /// <summary>Whose reading is followed where billing systems differ.</summary>
    public Semantics Semantics
    {
        get;
        init => (field, Profile) = (value, SemanticsProfile.Of(value));
    }

    /// <summary>The same price in other currencies; see <see cref="In"/>.</summary>
    public ImmutableArray<CurrencyOption> CurrencyOptions { get; init; } = [];

    /// <summary>Every currency that it has amounts in.</summary>
    public IEnumerable<Currency> Currencies => CurrencyOptions.Select(option => option.Currency).Prepend(Currency);

    /// <summary>What the tax rules call this, or null.</summary>
    public string? TaxCategory { get; init; }

    /// <summary>The event properties by whose values usage has to be told apart: for lines of their own, or for the cells of a matrix.</summary>
    public ImmutableArray<string> Dimensions => Model is MatrixPrice matrix ? [.. GroupBy.Union(matrix.Dimensions, StringComparer.Ordinal)] : GroupBy;

    // Known when the terms are made, so that rating need not ask again for each quantity.
    internal PricedBy PricedBy { get; private init; }

    internal bool HasIncluded { get; private init; }

    internal SemanticsProfile Profile { get; private init; } = SemanticsProfile.Of(Semantics.Billapis);

    /// <summary>Whether a quantity goes to the model as it is.</summary>
    internal bool IsPlain => PricedBy is PricedBy.Quantity && !HasIncluded && UnitConversion is null && GroupBy.IsEmpty;

    /// <summary>Reads the flat JSON form of API.md; every refusal names the field under <paramref name="path"/>.</summary>
    /// <param name="json">The object.</param>
    /// <param name="path">Where the object stands in the request, for example <c>items[2].price</c>; empty at its root.</param>
    /// <param name="otherFields">Fields of the same object that belong to someone else, for example <c>code</c>.</param>
    /// <exception cref="BillingException">A field is missing, wrong, or does not belong to the model.</exception>
    public static PriceTerms Read(JsonElement json, string path = "", params ImmutableArray<string> otherFields) =>
        PriceTermsReader.Read(json, path, otherFields);

    /// <summary>These terms in one of their currencies.</summary>
    /// <exception cref="BillingException">The price has no amounts in that currency.</exception>
    public PriceTerms In(Currency currency)
    {
        if (currency == Currency)
        {
            return this;
        }

        var option = CurrencyOptions.FirstOrDefault(option => option.Currency == currency)
            ?? throw BillingException.Field("currency", $"must be one of {string.Join(", ", Currencies)}, the currencies of the price");
        return this with { Currency = currency, Model = option.Model, MinimumAmount = option.MinimumAmount, MaximumAmount = option.MaximumAmount, CurrencyOptions = [] };
    }

    /// <summary>These terms, once they were checked.</summary>
    /// <param name="path">Where they stand in the request.</param>
    /// <exception cref="BillingException">A field breaks a rule.</exception>
    public PriceTerms Validated(string path = "")
    {
        PriceTermsRules.Check(this, path);
        return this;
    }
}
