using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>Tiers filled by units that were there for a part of the period only: full units choose the tier, prorated units are paid.</summary>
/// <remarks>Units that come lie on top of those that are there; units that go are taken from the top, at the price of where they lay.</remarks>
internal static class ProratedTiers
{
    private const int Digits = 24;

    public static decimal AmountOf(ImmutableArray<Tier> tiers, in Billable usage, RatingLog? log)
    {
        var paid = new Ratio[tiers.Length];
        Array.Fill(paid, Ratio.Of(0));
        var (level, highest) = (0m, 0m);
        foreach (var item in usage.Events)
        {
            if (item.Quantity != 0)
            {
                var share = Ratio.Of(item.ProratedQuantity ?? item.Quantity) / Ratio.Of(item.Quantity);
                Fill(tiers, paid, level, Exact.Add(level, item.Quantity), share);
                level = Exact.Add(level, item.Quantity);
                highest = Math.Max(highest, level);
            }
        }

        return Total(tiers, paid, highest, usage.FlatWhenZero, log);
    }

    // Adds, to each tier, the paid share of what lies between two levels; going down it is taken away.
    private static void Fill(ImmutableArray<Tier> tiers, Ratio[] paid, decimal before, decimal after, Ratio share)
    {
        var (low, high, sign) = after > before ? (before, after, 1m) : (after, before, -1m);
        var from = 0m;
        for (var i = 0; i < tiers.Length; i++)
        {
            var to = tiers[i].UpTo ?? high;
            var inside = Math.Min(high, to) - Math.Max(low, from);
            paid[i] = inside > 0 ? paid[i] + (Ratio.Of(sign * inside) * share) : paid[i];
            from = to;
        }
    }

    private static decimal Total(ImmutableArray<Tier> tiers, Ratio[] paid, decimal highest, bool flatWhenZero, RatingLog? log)
    {
        var (total, from) = (Ratio.Of(0), 0m);
        for (var i = 0; i < tiers.Length && (highest > from || (i == 0 && flatWhenZero)); i++)
        {
            var amount = (paid[i] * Ratio.Of(tiers[i].UnitAmount)) + Ratio.Of(tiers[i].FlatAmount);
            log?.Add(tiers[i].Rated(from, paid[i].ToDecimal(Digits), amount.ToDecimal(Digits)));
            total += amount;
            from = tiers[i].UpTo ?? decimal.MaxValue;
        }

        return total.ToDecimal(Digits);
    }
}
