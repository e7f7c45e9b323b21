namespace BillApis.Pricing;

/// <summary>Prices usage: a pure function, exact, without a clock and without rounding.</summary>
public static class Rating
{
    /// <summary>What the usage costs.</summary>
    /// <exception cref="BillingException">The quantity is negative and the price does not allow that, or a number is out of range.</exception>
    public static Rated Rate(PriceTerms terms, RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(terms);
        PriceCheck.Number(input.Quantity, "", "quantity");
        return new(terms, input, terms.IsPlain && input.IsPlain ? Plain(terms, input.Quantity) : Amount(terms, input, null));
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

    /// <summary>What is missing to the minimum of a period, of which <paramref name="part"/> was served; 0 where nothing is.</summary>
    /// <param name="terms">The price.</param>
    /// <param name="charged">What the period was charged.</param>
    /// <param name="part">The part of a whole period that was served.</param>
    public static decimal TrueUp(PriceTerms terms, decimal charged, ProrationFactor part)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.MinimumAmount is { } minimum ? Math.Max(0, part.Apply(minimum) - charged) : 0;
    }

    /// <summary>The negative amount that brings a charge down to the maximum of a period, of which <paramref name="part"/> was served; 0 where it is not above.</summary>
    /// <param name="terms">The price.</param>
    /// <param name="charged">What the period was charged.</param>
    /// <param name="part">The part of a whole period that was served.</param>
    public static decimal Cap(PriceTerms terms, decimal charged, ProrationFactor part)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.MaximumAmount is { } maximum ? Math.Min(0, part.Apply(maximum) - charged) : 0;
    }

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

    private static BillingException Inexact(OverflowException overflow) => BillingException.Field("quantity", $"cannot be priced exactly: {overflow.Message}");

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
