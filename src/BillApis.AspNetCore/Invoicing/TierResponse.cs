using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>The part of a quantity that one tier priced.</summary>
internal sealed record TierResponse([property: System.Text.Json.Serialization.JsonPropertyName("from")] decimal Start, decimal? To, decimal Quantity, decimal UnitAmount, decimal FlatAmount, decimal Amount)
{
    public static TierResponse From(RatedTier tier) => new(tier.From, tier.To, tier.Quantity, tier.UnitAmount, tier.FlatAmount, tier.Amount);
}
