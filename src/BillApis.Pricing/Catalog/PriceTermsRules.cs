namespace BillApis.Pricing;

/// <summary>What is refused when a price is made.</summary>
internal static class PriceTermsRules
{
    public static void Check(PriceTerms terms, string path)
    {
        if (terms.Currency == default)
        {
            throw BillingException.Field(PriceCheck.Join(path, "currency"), "is required");
        }

        if (terms.Interval == default(BillingInterval))
        {
            throw BillingException.Field(PriceCheck.Join(path, "interval"), "must count at least 1 of its unit; a price that is charged once has none");
        }

        ArgumentNullException.ThrowIfNull(terms.Model, nameof(terms));
        Model(terms.Model, terms.Profile, path);
        Amounts(terms.MinimumAmount, terms.MaximumAmount, path);
        CheckQuantities(terms, path);
        Groups(terms, path);
        for (var i = 0; i < terms.CurrencyOptions.Length; i++)
        {
            Option(terms, i, PriceCheck.Join(path, $"currency_options[{i}]"));
        }
    }

    private static void Model(PriceModel model, SemanticsProfile profile, string path)
    {
        if (model.Bounds is { IsDefault: false } bounds)
        {
            TierList.Bounds(bounds, PriceCheck.Join(path, "tiers"), profile.LastTierMayEnd);
        }

        model.Validate(path);
    }

    private static void Amounts(decimal? minimum, decimal? maximum, string path)
    {
        PriceCheck.Price(minimum ?? 0, path, "minimum_amount");
        PriceCheck.Price(maximum ?? 0, path, "maximum_amount");
        _ = minimum > maximum ? throw BillingException.Field(PriceCheck.Join(path, "minimum_amount"), $"must not be more than maximum_amount, {Exact.Format(maximum.Value)}") : 0;
    }

    private static void CheckQuantities(PriceTerms terms, string path)
    {
        var name = terms.Model.Name;
        PriceCheck.Quantity(terms.IncludedQuantity, path, "included_quantity");
        terms.UnitConversion?.Validate(PriceCheck.Join(path, "unit_conversion"));
        _ = terms.IncludedQuantity > 0 && terms.Model.PricedBy is not PricedBy.Quantity ? throw BillingException.Field(PriceCheck.Join(path, "included_quantity"), $"does not belong to a {name} price") : 0;
        _ = terms.UnitConversion is not null && terms.Model.PricedBy is not PricedBy.Quantity ? throw BillingException.Field(PriceCheck.Join(path, "unit_conversion"), $"does not belong to a {name} price") : 0;
    }

    private static void Groups(PriceTerms terms, string path)
    {
        var field = PriceCheck.Join(path, "group_by");
        _ = terms.GroupBy.Length <= Limits.DimensionsPerMetric ? 0 : throw BillingException.Field(field, $"must name at most {Limits.DimensionsPerMetric} event properties");
        _ = terms.GroupBy.Distinct(StringComparer.Ordinal).Count() == terms.GroupBy.Length ? 0 : throw BillingException.Field(field, "must not name a property twice");
        _ = terms.GroupBy.Length > 0 && terms.Model.PricedBy is PricedBy.Nothing ? throw BillingException.Field(field, $"does not belong to a {terms.Model.Name} price") : 0;
    }

    private static void Option(PriceTerms terms, int index, string path)
    {
        var option = terms.CurrencyOptions[index];
        var earlier = terms.CurrencyOptions.Take(index).Select(other => other.Currency).Prepend(terms.Currency);
        _ = earlier.Contains(option.Currency) ? throw BillingException.Field(PriceCheck.Join(path, "currency"), "must not name a currency twice") : 0;
        Model(option.Model, terms.Profile, path);
        Amounts(option.MinimumAmount, option.MaximumAmount, path);
    }
}
