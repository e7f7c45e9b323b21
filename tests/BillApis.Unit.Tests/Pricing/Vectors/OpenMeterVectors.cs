using System.Text.Json.Nodes;
using BillApis.Pricing;
using BillApis.Tests.Vectors;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>OpenMeter rates lines that may be a part of a period, after others: the difference of two ratings.</summary>
internal static class OpenMeterVectors
{
    private static readonly Currency Usd = Currency.Parse("USD");

    public static string? Line(Vector vector)
    {
        var position = Vector.Text(vector.Inputs["line_position"]);
        var terms = PeerPrice.Terms(vector.Inputs["price"]!.AsObject(), vector.Peer, vector.Inputs);
        var closes = position is "single" or "last";
        var (amount, tiers) = Usage(vector, terms, closes, position is "single" or "first");
        var discounted = Rounded(amount * (1 - (vector.Of("percentage_discount") / 100m)));
        var billed = vector.Of("previously_billed");
        var adjustment = Rating.Adjustment(terms, Money.Of(billed + discounted, Usd), ProrationFactor.Whole).Amount;
        var capped = discounted + Math.Min(0, adjustment);
        var missing = closes ? Math.Max(0, adjustment) : 0;
        var found = new Differences(vector.Expected);
        found.Compare("amount", capped + missing);
        found.Compare("lines", (lines, report) => Lines(lines, tiers, Rounded(amount), Rounded(amount) - capped, missing, report));
        return found.Report();
    }

    // What the line adds to what came before it; a price of all units and a flat fee are only due where the period begins or ends.
    private static (decimal Amount, IReadOnlyList<RatedTier> Tiers) Usage(Vector vector, PriceTerms terms, bool closes, bool opens)
    {
        var (units, before) = (vector.Of("units"), vector.Of("pre_units"));
        if (terms.Model is FlatPrice or VolumePrice)
        {
            var due = Vector.Text(vector.Inputs["price"]!["term"]) is "in_advance" ? opens : closes;
            var whole = Rating.Rate(terms, new(before + units));
            return due ? (whole.Amount, whole.Tiers) : (0, []);
        }

        if (units == 0)
        {
            return (0, []);
        }

        var (after, earlier) = (Rating.Rate(terms, new(before + units)), before == 0 ? default : Rating.Rate(terms, new(before)));
        var earlierTiers = before == 0 ? [] : earlier.Tiers;
        return (after.Amount - earlier.Amount, [.. after.Tiers.Select(tier => earlierTiers.FirstOrDefault(old => old.From == tier.From) is { } old
            ? tier with { Quantity = tier.Quantity - old.Quantity, FlatAmount = 0, Amount = tier.Amount - old.Amount }
            : tier)]);
    }

    private static void Lines(JsonArray lines, IReadOnlyList<RatedTier> tiers, decimal amount, decimal discount, decimal missing, Action<string> report)
    {
        var wanted = lines.Select(line => (Kind: Vector.Text(line!["kind"])!, Amount: Vector.Number(line["amount"])!.Value, Discount: Vector.Number(line["discount"])!.Value, Tier: (int?)Vector.Number(line["tier"]), Quantity: Vector.Number(line["quantity"])!.Value)).ToList();
        _ = wanted.Where(line => line.Kind is "minimum_spend").Sum(line => line.Amount) == missing ? 0 : Report(report, "minimum_spend");
        _ = wanted.Where(line => line.Kind is not "minimum_spend").Sum(line => line.Amount) == amount ? 0 : Report(report, "sum of lines");
        _ = wanted.Sum(line => line.Discount) == discount ? 0 : Report(report, "discount");
        foreach (var line in wanted.Where(line => line is { Kind: "usage", Tier: not null, Amount: not 0 }))
        {
            _ = tiers.Any(tier => tier.Quantity == line.Quantity && tier.Amount - tier.FlatAmount == line.Amount) ? 0 : Report(report, $"tier {line.Tier}");
        }
    }

    private static int Report(Action<string> report, string what)
    {
        report($"lines: {what} differs");
        return 0;
    }

    private static decimal Rounded(decimal amount) => Money.Round(amount, Usd).Amount;
}
