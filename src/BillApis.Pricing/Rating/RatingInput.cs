namespace BillApis.Pricing;

/// <summary>What was used, to be priced.</summary>
/// <param name="Quantity">How many units.</param>
public readonly record struct RatingInput(decimal Quantity);
