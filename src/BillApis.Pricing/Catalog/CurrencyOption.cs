namespace BillApis.Pricing;

/// <summary>The amounts of a price in another currency.</summary>
/// <param name="Currency">The other currency.</param>
/// <param name="Model">The same model with amounts of that currency.</param>
/// <param name="MinimumAmount">The least that a whole period costs, or null.</param>
/// <param name="MaximumAmount">The most that a whole period costs, or null.</param>
public sealed record CurrencyOption(Currency Currency, PriceModel Model, decimal? MinimumAmount, decimal? MaximumAmount);
