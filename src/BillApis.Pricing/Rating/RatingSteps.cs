using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>Renders the steps of a rating as text: the one place that does.</summary>
internal static class RatingSteps
{
    public static ImmutableArray<string> Of(Rated rated, RatingLog log)
    {
        var (terms, currency) = (rated.Terms, rated.Terms.Currency);
        var steps = ImmutableArray.CreateBuilder<string>();
        steps.Add($"quantity {Exact.Format(rated.Input.Quantity)}");
        if (terms.IncludedQuantity > 0 && rated.Input.Quantity > 0)
        {
            steps.Add($"{Exact.Format(Math.Min(rated.Input.Quantity, terms.IncludedQuantity))} included");
        }

        steps.AddRange(log.Tiers.Select(tier => Line(tier, terms)));
        steps.Add($"amount {Exact.Format(rated.Amount)} {currency}");
        steps.Add($"rounded half away from zero to {Money.Round(rated.Amount, currency)}");
        return steps.ToImmutable();
    }

    private static string Line(RatedTier tier, PriceTerms terms)
    {
        if (terms.Model is FlatPrice)
        {
            return $"flat {Exact.Format(tier.Amount)}";
        }

        if (terms.Model is PackagePrice package)
        {
            return $"{Exact.Format(tier.Packages ?? 0)} packages of {Exact.Format(package.PackageSize)} × {Exact.Format(package.PackageAmount)} = {Exact.Format(tier.Amount)}";
        }

        var range = tier is { From: 0, To: null } ? "" : $"tier {Exact.Format(tier.From)}–{(tier.To is { } to ? Exact.Format(to) : "∞")}: ";
        var flat = tier.FlatAmount == 0 ? "" : $" + {Exact.Format(tier.FlatAmount)}";
        return $"{range}{Exact.Format(tier.Quantity)} × {Exact.Format(tier.UnitAmount)}{flat} = {Exact.Format(tier.Amount)}";
    }
}
