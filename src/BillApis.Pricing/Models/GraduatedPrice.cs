using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>Each unit at the price of the tier it falls into; a tier's flat amount once the tier is entered.</summary>
/// <param name="Tiers">Rising tiers, the last without a bound.</param>
public sealed record GraduatedPrice(ImmutableArray<Tier> Tiers) : PriceModel
{
    /// <inheritdoc/>
    public override string Name => "graduated";

    internal override ImmutableArray<decimal?> Bounds => [.. Tiers.Select(tier => tier.UpTo)];

    internal static GraduatedPrice Read(PriceFields fields) => new(fields.Tiers());

    internal override decimal AmountOf(in Billable usage, RatingLog? log)
    {
        if (usage.IsProrated)
        {
            return ProratedTiers.AmountOf(Tiers, usage, log);
        }

        var (total, from, quantity) = (0m, 0m, usage.Quantity);
        foreach (var tier in Tiers)
        {
            if (quantity <= from && !(from == 0 && usage.FlatWhenZero))
            {
                break;
            }

            var inside = tier.UpTo < quantity ? tier.UpTo.Value - from : quantity - from;
            var amount = tier.Price(inside);
            log?.Add(tier.Rated(from, inside, amount));
            total = Exact.Add(total, amount);
            if (tier.UpTo is not { } bound)
            {
                return total;
            }

            from = bound;
        }

        log?.AddBeyond(quantity - from);
        return total;
    }

    internal override void Validate(string path) => TierList.Validate(Tiers, path);

    internal override void Write(Utf8JsonWriter writer) => TierList.Write(writer, Tiers);
}
