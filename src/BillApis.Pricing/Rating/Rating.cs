namespace BillApis.Pricing;

/// <summary>Prices usage: a pure function, exact, without a clock and without rounding.</summary>
public static class Rating
{
    /// <summary>What the usage costs.</summary>
    /// <exception cref="BillingException">The quantity is negative and the price does not allow that, or a number is out of range.</exception>
    public static Rated Rate(PriceTerms terms, RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var amount = terms.Model is PerUnitPrice { HasFewDigits: true } price && terms.IsPlain && input.IsPlain && FewDigits.IsQuantity(input.Quantity)
            ? input.Quantity * price.UnitAmount
            : Checked(terms, input);
        return new(terms, input, amount);
    }

    /// <summary>The usage by the values of the price's <see cref="PriceTerms.GroupBy"/>, each to be a line of its own.</summary>
    public static IReadOnlyList<RatingGroup> Groups(PriceTerms terms, RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return
        [
            .. UsageGroup.Of(input.Events, input.Quantity, terms.GroupBy)
                .Select(group => new RatingGroup(group.Values, Rate(terms with { GroupBy = [] }, new(group.Quantity) { Events = group.Events }))),
        ];
    }

    /// <summary>The line that brings what a period was charged up to its minimum, or, negative, down to its maximum; zero where neither is needed.</summary>
    /// <remarks>The lines and this one come to what one line of the exact amount would be rounded to, never to a minor unit more or less.</remarks>
    /// <param name="terms">The price.</param>
    /// <param name="charged">The rounded lines of the period, added up.</param>
    /// <param name="part">The part of a whole period that was served.</param>
    public static Money Adjustment(PriceTerms terms, Money charged, ProrationFactor part)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return Money.Round(Within(terms, charged.Amount, part), charged.Currency) - charged;
    }

    /// <summary>An amount held between the minimum and the maximum of a part of a period.</summary>
    internal static decimal Within(PriceTerms terms, decimal amount, ProrationFactor part) =>
        terms.MinimumAmount is { } minimum && part.Apply(minimum) is var least && amount < least ? least
        : terms.MaximumAmount is { } maximum && part.Apply(maximum) is var most && amount > most ? most
        : amount;

    internal static decimal Amount(PriceTerms terms, in RatingInput input, RatingLog? log)
    {
        try
        {
            return terms.GroupBy.IsEmpty ? RatePipeline.Amount(terms, input, log) : Grouped(terms, input, log);
        }
        catch (OverflowException overflow)
        {
            throw Inexact(overflow);
        }
    }

    private static decimal Checked(PriceTerms terms, in RatingInput input)
    {
        PriceCheck.Number(input.Quantity, "", "quantity");
        return terms.IsPlain && input.IsPlain ? Plain(terms, input.Quantity) : Amount(terms, input, null);
    }

    // The short way of a quantity that goes to the model as it is.
    private static decimal Plain(PriceTerms terms, decimal quantity)
    {
        try
        {
            return terms.Model.AmountOf(quantity, terms);
        }
        catch (OverflowException overflow)
        {
            throw Inexact(overflow);
        }
    }

    internal static BillingException Inexact(OverflowException overflow) => BillingException.Field("quantity", $"cannot be priced exactly: {overflow.Message}");

    private static decimal Grouped(PriceTerms terms, RatingInput input, RatingLog? log)
    {
        var total = 0m;
        foreach (var group in UsageGroup.Of(input.Events, input.Quantity, terms.GroupBy))
        {
            total = Exact.Add(total, RatePipeline.Amount(terms, new(group.Quantity) { Events = group.Events }, log, group.ToString()));
        }

        return total;
    }
}
