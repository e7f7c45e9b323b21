using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis.Cli.Verification;

/// <summary>Holds that a line's tiers are those that its quantity went through, each once: one that is free adds nothing, and would not be missed in the sum.</summary>
internal static class TierVerification
{
    public static void Verify(InvoiceLine line, PriceTerms terms, decimal quantity, int groups, Rational exact, string path, Findings findings)
    {
        var sum = line.Tiers.Aggregate(Rational.Zero, (total, tier) => total + tier.Amount);
        if (sum != exact)
        {
            findings.Add($"{path}.tiers", $"add up to {sum}, but price and quantity come to {exact}");
        }

        var units = Prices.UnitsOf(terms, quantity);
        if (terms.Model is GraduatedPrice or GraduatedPercentagePrice)
        {
            if (Enumerable.Range(0, line.Tiers.Length).Any(i => line.Tiers[i].From != (i == 0 ? 0 : line.Tiers[i - 1].To)))
            {
                findings.Add($"{path}.tiers", "do not begin at 0 and where the one before ends");
            }

            VerifyUnits(line.Tiers, units, path, findings);
        }
        else if (line.Tiers.Length != (terms.Model is MatrixPrice ? Math.Max(1, groups) : 1) && !(line.Tiers.IsEmpty && units == Rational.Zero && terms.Model is VolumePrice or StairstepPrice))
        {
            findings.Add($"{path}.tiers", $"are {line.Tiers.Length}, but a price of this model has one{(terms.Model is MatrixPrice ? " for each group" : "")}");
        }
    }

    private static void VerifyUnits(ImmutableArray<RatedTier> tiers, Rational units, string path, Findings findings)
    {
        var priced = tiers.Aggregate(Rational.Zero, (total, tier) => total + tier.Quantity);
        if (priced != units && priced != -1 * units)
        {
            findings.Add($"{path}.tiers", $"price {priced} units, but there are {units}");
        }
    }
}
