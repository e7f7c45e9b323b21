namespace BillApis.Pricing;

/// <summary>Collects what a rating did, where someone asks; rating without one allocates nothing.</summary>
internal sealed class RatingLog
{
    public List<RatedTier> Tiers { get; } = [];

    public void Add(RatedTier tier) => Tiers.Add(tier);
}
