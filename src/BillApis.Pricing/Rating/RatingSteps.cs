using System.Collections.Immutable;

namespace BillApis.Pricing;

/// <summary>Renders the steps of a rating as text: the one place that does.</summary>
internal static class RatingSteps
{
    public static ImmutableArray<string> Of(Rated rated, RatingLog log)
    {
        var terms = rated.Terms;
        return [.. Of(terms, log), .. Result(rated.Amount, Money.Round(rated.Amount, terms.Currency))];
    }

    /// <summary>What was done to the quantity.</summary>
    public static IEnumerable<string> Of(PriceTerms terms, RatingLog log) => log.Steps.Select(step => Line(step, terms));

    /// <summary>What it came to.</summary>
    /// <param name="amount">The unrounded amount.</param>
    /// <param name="rounded">The amount as its lines have it.</param>
    /// <param name="lines">How many lines were rounded, each for itself.</param>
    public static IEnumerable<string> Result(decimal amount, Money rounded, int lines = 1) =>
    [
        $"amount {Exact.Format(amount)} {rounded.Currency}",
        $"rounded half away from zero{(lines > 1 ? ", line by line," : "")} to {rounded}",
    ];

    private static string Line(RatingStep step, PriceTerms terms) => step.Kind switch
    {
        StepKind.Conversion when terms.UnitConversion is { } conversion =>
            $"{(conversion.Operation is ConversionOperation.Divide ? "÷" : "×")} {Exact.Format(conversion.Factor)}{Rounded(conversion.Rounding)} = {Exact.Format(step.Value)} units",
        StepKind.Included => $"{Exact.Format(step.Value)} of {Exact.Format(terms.IncludedQuantity)} included",
        StepKind.Beyond => $"{Exact.Format(step.Value)} beyond the last tier for nothing",
        StepKind.Tier => Tier(step.Tier!, terms.Model),
        _ => step.Label is { } label ? $"{label}: quantity {Exact.Format(step.Value)}" : $"quantity {Exact.Format(step.Value)}",
    };

    private static string Rounded(UnitRounding rounding) => rounding switch
    {
        UnitRounding.Ceil => ", rounded up",
        UnitRounding.Floor => ", rounded down",
        UnitRounding.HalfUp => ", rounded half up",
        _ => "",
    };

    private static string Tier(RatedTier tier, PriceModel model)
    {
        var amount = Exact.Format(tier.Amount);
        var quantity = Exact.Format(tier.Quantity);
        return model switch
        {
            FlatPrice => $"flat {amount}",
            PackagePrice package => $"{Exact.Format(tier.Packages ?? 0)} packages of {Exact.Format(package.PackageSize)} × {Exact.Format(package.PackageAmount)} = {amount}",
            PercentagePrice price => $"{Exact.Format(price.Rate)} % of {quantity} + fees of {Exact.Format(tier.FlatAmount)}{Clamp(price)} = {amount}",
            GraduatedPercentagePrice => $"{Range(tier)}{Exact.Format(tier.UnitAmount * 100m)} % of {quantity}{Flat(tier)} = {amount}",
            StairstepPrice => $"{Range(tier)}{amount} for {quantity}",
            DynamicPrice { Multiplier: 1 } => $"amounts of the events = {amount}",
            _ when tier.Packages is { } packages => $"{Range(tier)}{quantity} in {Exact.Format(packages)} packages × {Exact.Format(tier.UnitAmount)}{Flat(tier)} = {amount}",
            _ => $"{(tier.Label is { } label ? label + ": " : Range(tier))}{quantity} × {Exact.Format(tier.UnitAmount)}{Flat(tier)} = {amount}",
        };
    }

    private static string Range(RatedTier tier) =>
        tier is { From: 0, To: null } ? "" : $"tier {Exact.Format(tier.From)}–{(tier.To is { } to ? Exact.Format(to) : "∞")}: ";

    private static string Flat(RatedTier tier) => tier.FlatAmount == 0 ? "" : $" + {Exact.Format(tier.FlatAmount)}";

    private static string Clamp(PercentagePrice price) => (price.MinPerEvent, price.MaxPerEvent) switch
    {
        (null, null) => "",
        ({ } least, null) => $", each event at least {Exact.Format(least)}",
        (null, { } most) => $", each event at most {Exact.Format(most)}",
        ({ } least, { } most) => $", each event {Exact.Format(least)} to {Exact.Format(most)}",
    };
}
