using System.Numerics;

namespace BillApis.Metering;

/// <summary>How one property is checked and cleaned before a metric sees it: first the default, then the range of what was sent, then the conversion.</summary>
public sealed record PropertyRule
{
    /// <summary>The name of the property.</summary>
    public required string Property { get; init; }

    /// <summary>Whether events without it are refused.</summary>
    public bool Required { get; init; }

    /// <summary>What stands in where an event does not have it.</summary>
    public PropertyValue? Default { get; init; }

    /// <summary>The least number that may be sent.</summary>
    public decimal? Min { get; init; }

    /// <summary>The greatest number that may be sent.</summary>
    public decimal? Max { get; init; }

    /// <summary>Converts the unit: the metric sees the number times this, exactly.</summary>
    public decimal? MultiplyBy { get; init; }

    /// <summary>Converts the unit: the metric sees the number divided by this, rounded half away from zero to 12 fractional digits.</summary>
    public decimal? DivideBy { get; init; }

    private bool IsNumber => (Min ?? Max ?? MultiplyBy ?? DivideBy) is not null;

    /// <summary>The value as the metric sees it.</summary>
    /// <returns>What is wrong with what was sent, to follow the property's name; null where nothing is.</returns>
    internal string? Clean(PropertyValue sent, out PropertyValue cleaned)
    {
        cleaned = sent.Kind is PropertyKind.Null && Default is { } value ? value : sent;
        if (cleaned.Kind is PropertyKind.Null)
        {
            return Required ? "is required" : null;
        }

        if (!IsNumber)
        {
            return null;
        }

        if (!cleaned.TryNumber(out var number))
        {
            return $"must be a number of at most 15 integer and {Limits.FractionDigits} fractional digits";
        }

        if (number < Min || number > Max)
        {
            return Max is not { } most ? $"must be at least {Exact.Format(Min!.Value)}" : Min is not { } least ? $"must be at most {Exact.Format(most)}" : $"must be between {Exact.Format(least)} and {Exact.Format(most)}";
        }

        return TryConvert(number, ref cleaned) ? null : $"must convert to at most 15 integer and {Limits.FractionDigits} fractional digits";
    }

    internal void Validate(string field)
    {
        Check.Name($"{field}.property", Property);
        Check.Text($"{field}.property", Property, Limits.CodeLength);
        if (Required && Default is not null)
        {
            throw BillingException.Field($"{field}.required", "must be left out where there is a default");
        }

        if (Min > Max)
        {
            throw BillingException.Field($"{field}.max", "must not be less than min");
        }

        if (MultiplyBy <= 0 || DivideBy <= 0)
        {
            throw BillingException.Field(MultiplyBy <= 0 ? $"{field}.multiply_by" : $"{field}.divide_by", "must be greater than 0");
        }

        if (MultiplyBy is not null && DivideBy is not null)
        {
            throw BillingException.Field($"{field}.divide_by", "must be left out where there is multiply_by");
        }

        if (Default is { } value && (value.Kind is PropertyKind.Null ? "must not be null" : Clean(value, out _)) is { } problem)
        {
            throw BillingException.Field($"{field}.default", problem);
        }
    }

    private bool TryConvert(decimal number, ref PropertyValue cleaned)
    {
        if ((MultiplyBy ?? DivideBy) is null)
        {
            return true;
        }

        try
        {
            var converted = MultiplyBy is { } factor ? Exact.Normalize(Exact.Multiply(number, factor)) : Divide(number, DivideBy!.Value);
            cleaned = converted;
            return Math.Abs(converted) <= Limits.Magnitude && converted.Scale <= Limits.FractionDigits;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    // In whole numbers, so that only one rounding is made.
    private static decimal Divide(decimal number, decimal divisor)
    {
        var dividend = BigInteger.Abs(Exact.Unscaled(number)) * BigInteger.Pow(10, Limits.FractionDigits + divisor.Scale);
        var whole = Exact.Unscaled(divisor) * BigInteger.Pow(10, number.Scale);
        return (decimal)((2 * dividend + whole) / (2 * whole)) * Math.Sign(number) / 1_000_000_000_000m;
    }
}
