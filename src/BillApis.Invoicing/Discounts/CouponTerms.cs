using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Pricing;

namespace BillApis.Invoicing;

/// <summary>What a coupon takes off, of what, and how often; frozen for a subscription as it redeems the coupon.</summary>
public sealed record CouponTerms
{
    /// <summary>The most percent that can be taken off.</summary>
    public const decimal MaxPercent = 100;

    /// <summary>The most periods that a repeating coupon counts.</summary>
    public const int MaxPeriods = 1_200;

    private const int MaxScope = 100;

    /// <summary>The percent that is taken off, more than 0; null where it is an amount.</summary>
    public decimal? PercentOff { get; init; }

    /// <summary>The amount that is taken off each invoice; null where it is a percentage.</summary>
    public Money? AmountOff { get; init; }

    /// <summary>For how many periods it counts.</summary>
    public CouponDuration Duration { get; init; }

    /// <summary>Whether what an amount for once could not take off an invoice is kept for the next ones, until all of it was taken.</summary>
    public bool CarryOver { get; init; }

    /// <summary>The amount that is taken off each period once; null where it carries over, and for a percentage.</summary>
    [JsonIgnore]
    public Money? AmountOffPeriod => CarryOver ? null : AmountOff;

    /// <summary>How many those are; only for <see cref="CouponDuration.Repeating"/>.</summary>
    public int? DurationPeriods { get; init; }

    /// <summary>The products whose lines it is for; empty for all.</summary>
    public ImmutableArray<ProductId> Products { get; init; } = [];

    /// <summary>The plans whose subscriptions it is for; empty for all.</summary>
    public ImmutableArray<PlanId> Plans { get; init; } = [];

    /// <summary>Its place among coupons: those for some lines come first, then those for a plan, then all others.</summary>
    [JsonIgnore]
    public int Rank => Products.IsEmpty ? Plans.IsEmpty ? 2 : 1 : 0;

    /// <summary>Whether a line is of a product that it is for.</summary>
    internal bool IsFor(InvoiceLine line) => Products.IsEmpty || (line.Product is { } product && Products.Contains(product));

    /// <summary>For how many periods it counts in all; null for every one, or until all of an amount was taken.</summary>
    [JsonIgnore]
    public int? MaxUses => Duration switch { CouponDuration.Once => CarryOver ? null : 1, CouponDuration.Repeating => DurationPeriods, _ => null };

    /// <summary>Refuses terms that contradict themselves.</summary>
    /// <exception cref="BillingException">A field is missing, too much or out of its range.</exception>
    public void Validate()
    {
        if (Products.IsDefault || Plans.IsDefault)
        {
            throw new ArgumentException("The products and plans of a coupon must be given, be they none.");
        }

        if (PercentOff is null == AmountOff is null)
        {
            throw BillingException.Field("percent_off", PercentOff is null ? "or amount_off is required" : "excludes amount_off: give one of the two");
        }

        if (PercentOff is { } percent && (percent <= 0 || percent > MaxPercent))
        {
            throw BillingException.Field("percent_off", $"must be more than 0 and at most {MaxPercent}");
        }

        Check.Range("percent_off", PercentOff ?? 0, 0, MaxPercent);
        if (AmountOff is { } amount && amount.MinorUnits <= 0)
        {
            throw BillingException.Field("amount_off", "must be more than 0");
        }

        if (Duration is CouponDuration.Repeating != DurationPeriods is not null)
        {
            throw BillingException.Field("duration_periods", Duration is CouponDuration.Repeating ? "is required for a repeating coupon" : "is for a repeating coupon only");
        }

        if (CarryOver && (AmountOff is null || Duration is not CouponDuration.Once))
        {
            throw BillingException.Field("carry_over", "is for an amount_off for once only");
        }

        Check.Range("duration_periods", DurationPeriods ?? 1, 1, MaxPeriods);
        Check.Range("applies_to", Products.Length, 0, MaxScope);
        Check.Range("applies_to_plans", Plans.Length, 0, MaxScope);
    }

    /// <summary>Whether both take the same off the same.</summary>
    public bool SameAs(CouponTerms other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (this with { Products = other.Products, Plans = other.Plans }) == other && Products.SequenceEqual(other.Products) && Plans.SequenceEqual(other.Plans);
    }
}
