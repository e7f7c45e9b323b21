namespace BillApis.Pricing;

/// <summary>Prices usage: a pure function, exact, without a clock and without rounding.</summary>
public static class Rating
{
    /// <summary>What the usage costs.</summary>
    /// <exception cref="BillingException">The quantity is negative and the price does not allow that, or a number is out of range.</exception>
    public static Rated Rate(PriceTerms terms, RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return new(terms, input, Amount(terms, input, null));
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
        if (input.Quantity < 0 && !terms.AllowNegative)
        {
            throw BillingException.Field("quantity", $"must be 0 or more, but is {Exact.Format(input.Quantity)}; a price takes a negative quantity only with allow_negative");
        }

        try
        {
            // A negative quantity is the credit of what its magnitude would cost; free units are not given back.
            return input.Quantity < 0
                ? -terms.Model.Rate(new(-input.Quantity, false), log)
                : terms.Model.Rate(new(Math.Max(0, Exact.Add(input.Quantity, -terms.IncludedQuantity)), terms.FlatWhenZero), log);
        }
        catch (OverflowException overflow)
        {
            throw BillingException.Field("quantity", $"cannot be priced exactly: {overflow.Message}");
        }
    }
}
