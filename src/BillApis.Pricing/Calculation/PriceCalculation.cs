using System.Collections.Immutable;
using System.Text.Json;

namespace BillApis.Pricing;

/// <summary>Answers <c>POST /pricing/calculate</c>: reads a request, rates it, explains it.</summary>
public static class PriceCalculation
{
    /// <summary>What the price in the request charges for the usage in it.</summary>
    /// <param name="request"><c>{price: {…}, quantity, events?: [{amount, quantity, properties}], currency?, period?: {start, end, full_start?, full_end?, timezone?}}</c>.</param>
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
        try
        {
            return Quoted(Rating.Rate(terms, input), part);
        }
        catch (OverflowException overflow)
        {
            throw Rating.Inexact(overflow);
        }
    }

    // The amount is exact; what an invoice would charge is rounded line by line, and each group is a line.
    private static PriceQuote Quoted(Rated rated, ProrationFactor part)
    {
        var (terms, currency, log) = (rated.Terms, rated.Terms.Currency, rated.Log());
        var groups = Groups(terms, rated.Input);
        var charged = terms.Model.IsMetered ? rated.Amount : part.Apply(rated.Amount);
        var amount = Rating.Within(terms, charged, part);
        var lines = groups.IsEmpty ? Money.Round(charged, currency) : groups.Aggregate(Money.Zero(currency), (sum, group) => sum + Money.Round(group.Amount, currency));
        var adjustment = Rating.Adjustment(terms, lines, part);
        var rounded = lines + adjustment;
        return new PriceQuote
        {
            Amount = amount,
            AmountRounded = rounded.Amount,
            Currency = currency,
            UnitAmountEffective = (rated with { Amount = amount }).EffectiveUnitAmount,
            BilledQuantity = log.Billed,
            Tiers = [.. log.Steps.Select(step => step.Tier).OfType<RatedTier>()],
            Groups = groups,
            MinimumAdjustment = adjustment.MinorUnits > 0 ? adjustment.Amount : 0,
            MaximumAdjustment = adjustment.MinorUnits < 0 ? adjustment.Amount : 0,
            ProrationFactor = part.IsWhole ? null : part.ToString(),
            Steps = [.. RatingSteps.Of(terms, log), .. Period(rated, part, charged, amount), .. RatingSteps.Result(amount, rounded, groups.Length)],
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

    // What a part of a period and its bounds did to the amount of the usage.
    private static IEnumerable<string> Period(Rated rated, ProrationFactor part, decimal charged, decimal amount)
    {
        if (charged != rated.Amount)
        {
            yield return $"× {part} of the period = {Exact.Format(charged)}";
        }

        if (amount != charged)
        {
            yield return amount > charged ? $"less than the minimum of {Exact.Format(amount)}" : $"more than the maximum of {Exact.Format(amount)}";
        }
    }
}
