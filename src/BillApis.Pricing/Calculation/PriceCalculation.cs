using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>Answers <c>POST /pricing/calculate</c>: reads a request, rates it, explains it.</summary>
public static class PriceCalculation
{
    /// <summary>What the price in the request charges for the usage in it.</summary>
    /// <param name="request"><c>{price: {…}, quantity, events?: [{amount, quantity, properties}], period?: {start, end, full_start?, full_end?, timezone?}}</c>.</param>
    /// <exception cref="BillingException">A field is missing or wrong; the refusal names it.</exception>
    public static PriceQuote Quote(JsonElement request)
    {
        var (terms, input, part) = CalculationRequest.Read(request);
        return Quote(terms, input, part);
    }

    /// <summary>What a price charges for some usage in a part of a period.</summary>
    /// <param name="terms">The price.</param>
    /// <param name="input">The usage.</param>
    /// <param name="part">The part of a whole period; it scales flat amounts, the minimum and the maximum.</param>
    public static PriceQuote Quote(PriceTerms terms, RatingInput input, ProrationFactor part)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var rated = Rating.Rate(terms, input);
        var charged = terms.Model.IsMetered ? rated.Amount : part.Apply(rated.Amount);
        var minimum = Rating.TrueUp(terms, charged, part);
        var maximum = Rating.Cap(terms, charged, part);
        var total = charged + minimum + maximum;
        var whole = rated with { Amount = total };
        return new PriceQuote
        {
            Amount = total,
            AmountRounded = Money.Round(total, terms.Currency).Amount,
            Currency = terms.Currency,
            UnitAmountEffective = whole.EffectiveUnitAmount,
            BilledQuantity = rated.BilledQuantity,
            Tiers = rated.Tiers,
            Groups = Groups(terms, input),
            MinimumAdjustment = minimum,
            MaximumAdjustment = maximum,
            ProrationFactor = part.IsWhole ? null : part.ToString(),
            Steps = Steps(rated, part, minimum, maximum, total),
        };
    }

    private static ImmutableArray<QuotedGroup> Groups(PriceTerms terms, RatingInput input) =>
        terms.GroupBy.IsEmpty ? [] :
        [
            .. Rating.Groups(terms, input).Select(group => new QuotedGroup(
                terms.GroupBy.Zip(group.Values).ToImmutableSortedDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal),
                group.Rated.Input.Quantity,
                group.Rated.Amount)),
        ];

    // The steps of the rating, with what was done to its result before it was rounded.
    private static ImmutableArray<string> Steps(Rated rated, ProrationFactor part, decimal minimum, decimal maximum, decimal total)
    {
        var steps = rated.Steps[..^2].ToBuilder();
        if (!part.IsWhole && !rated.Terms.Model.IsMetered)
        {
            steps.Add($"× {part} of the period = {Exact.Format(part.Apply(rated.Amount))}");
        }

        if (minimum != 0)
        {
            steps.Add($"+ {Exact.Format(minimum)} to the minimum");
        }

        if (maximum != 0)
        {
            steps.Add($"− {Exact.Format(-maximum)} to the maximum");
        }

        return steps.ToImmutable().AddRange((rated with { Amount = total }).Steps[^2..]);
    }
}
