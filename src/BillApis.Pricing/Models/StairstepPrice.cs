using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>One amount for any quantity within a step.</summary>
/// <param name="Tiers">Rising tiers with flat amounts only, the last without a bound.</param>
public sealed record StairstepPrice(ImmutableArray<Tier> Tiers) : PriceModel
{
    private readonly VolumePrice _steps = new(Tiers);

    /// <summary>Rising tiers with flat amounts only, the last without a bound.</summary>
    public ImmutableArray<Tier> Tiers
    {
        get;
        init => (field, _steps) = (value, new(value));
    } = Tiers;

    /// <inheritdoc/>
    public override string Name => "stairstep";

    internal override ImmutableArray<decimal?> Bounds => [.. Tiers.Select(tier => tier.UpTo)];

    internal static StairstepPrice Read(PriceFields fields) => new(fields.Tiers(flatOnly: true));

    internal override decimal AmountOf(in Billable usage, RatingLog? log) => _steps.AmountOf(usage, log);

    internal override void Validate(string path)
    {
        TierList.Validate(Tiers, path);
        for (var i = 0; i < Tiers.Length; i++)
        {
            if (Tiers[i].UnitAmount != 0 || Tiers[i].PackageSize is not null)
            {
                throw BillingException.Field(PriceCheck.Join(path, $"tiers[{i}].unit_amount"), "does not belong to the stairstep model, whose steps have a flat_amount only");
            }
        }
    }

    internal override void Write(Utf8JsonWriter writer) => TierList.Write(writer, Tiers, flatOnly: true);
}
