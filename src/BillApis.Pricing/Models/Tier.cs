namespace BillApis.Pricing;

/// <summary>One step of a tiered price: the units above the tier before it, up to and including its own bound.</summary>
/// <param name="UpTo">The last unit of the tier, included; null for the last tier.</param>
/// <param name="UnitAmount">The price of one unit.</param>
/// <param name="FlatAmount">What entering the tier costs, once.</param>
public sealed record Tier(decimal? UpTo, decimal UnitAmount, decimal FlatAmount);
