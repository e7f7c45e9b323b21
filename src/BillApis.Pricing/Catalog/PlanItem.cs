namespace BillApis.Pricing;

/// <summary>A price in a plan version, as it stood when the version was made or published.</summary>
/// <param name="Price">The price, whole: a later change of it does not reach a published version.</param>
/// <param name="Quantity">How many are included from the start; 0 or more.</param>
public sealed record PlanItem(Price Price, decimal Quantity = 1);
