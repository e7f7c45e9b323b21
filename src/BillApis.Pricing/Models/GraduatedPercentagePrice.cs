using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>One step of a percentage that depends on the total.</summary>
/// <param name="UpTo">The last amount of the tier, included; null for the last tier.</param>
/// <param name="Rate">Percent of what lies inside the tier.</param>
/// <param name="FlatAmount">What entering the tier costs, once.</param>
public sealed record RateTier(decimal? UpTo, decimal Rate, decimal FlatAmount);

/// <summary>Each slice of the total at the rate of its tier.</summary>
/// <param name="Tiers">Rising tiers, the last without a bound.</param>
public sealed record GraduatedPercentagePrice(ImmutableArray<RateTier> Tiers) : PriceModel
{
    // A percentage of money is a graduated price of money at a hundredth of the rate, which is as exact.
    private readonly GraduatedPrice _slices = Slices(Tiers);

    /// <summary>Rising tiers, the last without a bound.</summary>
    public ImmutableArray<RateTier> Tiers
    {
        get;
        init => (field, _slices) = (value, Slices(value));
    } = Tiers;

    /// <inheritdoc/>
    public override string Name => "graduated_percentage";

    internal override bool IsOfMoney => true;

    internal override ImmutableArray<decimal?> Bounds => [.. Tiers.Select(tier => tier.UpTo)];

    internal static GraduatedPercentagePrice Read(PriceFields fields) =>
        new(fields.List("tiers", tier => new RateTier(tier.Bound(), tier.Decimal("rate"), tier.OptionalDecimal("flat_amount") ?? 0)));

    internal override decimal AmountOf(in Billable usage, RatingLog? log) => _slices.AmountOf(usage, log);

    internal override void Validate(string path)
    {
        var list = PriceCheck.Join(path, "tiers");
        for (var i = 0; i < Tiers.Length; i++)
        {
            PriceCheck.Price(Tiers[i].Rate, $"{list}[{i}]", "rate");
            PriceCheck.Price(Tiers[i].FlatAmount, $"{list}[{i}]", "flat_amount");
        }
    }

    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("tiers");
        foreach (var tier in Tiers)
        {
            writer.WriteStartObject();
            writer.Exact("up_to", tier.UpTo);
            writer.Exact("rate", tier.Rate);
            writer.Exact("flat_amount", tier.FlatAmount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static GraduatedPrice Slices(ImmutableArray<RateTier> tiers) => new([.. tiers.Select(tier => new Tier(tier.UpTo, tier.Rate / 100m, tier.FlatAmount))]);
}
