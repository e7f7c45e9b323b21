using System.Text.Json.Serialization;

namespace BillApis.Pricing;

/// <summary>The part of a rated quantity that one tier priced.</summary>
/// <param name="From">Where the tier begins, not included.</param>
/// <param name="To">Where it ends, included; null where it does not.</param>
/// <param name="Quantity">The units that it priced.</param>
/// <param name="UnitAmount">The price of one unit.</param>
/// <param name="FlatAmount">What it charged once.</param>
/// <param name="Amount">What it charged in all, unrounded.</param>
public sealed record RatedTier(decimal From, decimal? To, decimal Quantity, decimal UnitAmount, decimal FlatAmount, [property: JsonConverter(typeof(UnroundedJson))] decimal Amount)
{
    /// <summary>How many packages the quantity filled, or null where nothing is packed.</summary>
    internal decimal? Packages { get; init; }

    /// <summary>The dimension values that chose the price, or null.</summary>
    internal string? Label { get; init; }
}
