using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A coupon on a subscription, with the terms that it had when it was redeemed.</summary>
/// <param name="Coupon">The coupon.</param>
/// <param name="Description">What customers read.</param>
/// <param name="Terms">What it takes off.</param>
/// <param name="At">When it was redeemed; older ones count first.</param>
/// <param name="Uses">For how many periods it counted; moves with the invoice that it takes something off.</param>
public sealed record Redemption(CouponId Coupon, string Description, CouponTerms Terms, Instant At, int Uses = 0)
{
    /// <summary>The start of the latest period that it counted for; null for none yet.</summary>
    public Instant? CountedFor { get; init; }

    /// <summary>What is left of an amount that carries over; null before it took anything, and for every other coupon.</summary>
    public Money? Left { get; init; }

    /// <summary>Whether it counted for as many periods as it may, or took all that it may.</summary>
    [JsonIgnore]
    public bool IsUsedUp => Left is { IsZero: true } || Uses >= Terms.MaxUses;

    /// <summary>
    /// Whether it counts on one more invoice of a period: an amount is taken off a period once, or until all of it was taken where it carries over; a percentage that is not for one invoice alone is taken off
    /// all of its invoices.
    /// </summary>
    public bool Counts(Instant period) => CountedFor >= period && !Terms.CarryOver ? Terms is { PercentOff: not null, Duration: not CouponDuration.Once } : !IsUsedUp;

    /// <summary>The same after it took something off an invoice of a period, whichever of them that is.</summary>
    public Redemption Counted(Instant period, Money taken)
    {
        var rest = Terms is { CarryOver: true, AmountOff: { } amount } ? this with { Left = (Left ?? amount) - taken } : this;
        return CountedFor >= period ? rest : rest with { Uses = Uses + 1, CountedFor = period };
    }

    /// <summary>The same with so much as the amount that it takes off: of one that carries over, what is left of it, or what it took.</summary>
    public Redemption Taking(Money? amount) => Terms.CarryOver && amount is not null ? this with { Terms = Terms with { AmountOff = amount } } : this;
}
