using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>What all tiered models ask of their tiers, and how tiers are written.</summary>
internal static class TierList
{
    public static void Validate(ImmutableArray<Tier> tiers, string path)
    {
        var list = PriceCheck.Join(path, "tiers");
        for (var i = 0; i < tiers.Length; i++)
        {
            PriceCheck.Price(tiers[i].UnitAmount, $"{list}[{i}]", "unit_amount");
            PriceCheck.Price(tiers[i].FlatAmount, $"{list}[{i}]", "flat_amount");
            PriceCheck.Quantity(tiers[i].PackageSize ?? 1, $"{list}[{i}]", "package_size");
            _ = tiers[i].PackageSize is 0 ? throw BillingException.Field($"{list}[{i}].package_size", "must be more than 0") : 0;
        }
    }

    /// <summary>Bounds must rise strictly from above zero to null, so that every quantity falls into exactly one tier; the last may be a number where <paramref name="mayEnd"/>.</summary>
    public static void Bounds(ImmutableArray<decimal?> bounds, string list, bool mayEnd)
    {
        if (bounds.Length is 0 or > Limits.TiersPerPrice)
        {
            throw BillingException.Field(list, $"must have 1 to {Limits.TiersPerPrice} tiers, but has {bounds.Length}");
        }

        for (var i = 0; i < bounds.Length; i++)
        {
            var field = $"{list}[{i}].up_to";
            var last = i == bounds.Length - 1;
            if (bounds[i] is not { } bound)
            {
                _ = last ? true : throw BillingException.Field(field, "must be a number: only the last tier is open-ended");
                return;
            }

            PriceCheck.Quantity(bound, list + $"[{i}]", "up_to");
            var from = i == 0 ? 0m : bounds[i - 1]!.Value;
            if (bound <= from)
            {
                throw BillingException.Field(field, $"must be more than {Exact.Format(from)}, where the tier begins");
            }

            if (last && !mayEnd)
            {
                throw BillingException.Field(field, "must be null: the last tier has no upper bound, so that every quantity has a price");
            }
        }
    }

    public static void Write(Utf8JsonWriter writer, ImmutableArray<Tier> tiers, bool flatOnly = false)
    {
        writer.WriteStartArray("tiers");
        foreach (var tier in tiers)
        {
            writer.WriteStartObject();
            writer.Exact("up_to", tier.UpTo);
            if (!flatOnly)
            {
                writer.Exact("unit_amount", tier.UnitAmount);
            }

            writer.Exact("flat_amount", tier.FlatAmount);
            if (tier.PackageSize is { } size)
            {
                writer.Exact("package_size", size);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
