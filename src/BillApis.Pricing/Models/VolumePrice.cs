using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>All units at the price of the tier that the whole quantity falls into, plus that tier's flat amount.</summary>
/// <param name="Tiers">Rising tiers, the last without a bound.</param>
public sealed record VolumePrice(ImmutableArray<Tier> Tiers) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "volume";

    internal override ImmutableArray<decimal?> Bounds => [.. Tiers.Select(tier => tier.UpTo)];

    internal static VolumePrice Read(PriceFields fields) => new(fields.Tiers());

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        if (usage.Quantity == 0 && !usage.FlatWhenZero)
        {
            return 0;
        }

        var index = 0;
        while (Tiers[index].UpTo < usage.Quantity && index < Tiers.Length - 1)
        {
            index++;
        }

        var tier = Tiers[index];
        var paid = usage.Paid;
        var amount = tier.Price(paid);
        log?.Add(tier.Rated(index == 0 ? 0 : Tiers[index - 1].UpTo!.Value, paid, amount));
        return amount;
    }

    internal override void Validate(string path) => TierList.Validate(Tiers, path);

    internal override void Write(Utf8JsonWriter writer) => TierList.Write(writer, Tiers);
}
