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

    /// <summary>What bills that were made early left of an amount off for the other bills of the period that it counted for; null where none took anything of it.</summary>
    public Money? LeftOfPeriod { get; init; }

    /// <summary>Whether it counted for as many periods as it may, or took all that it may.</summary>
    [JsonIgnore]
    public bool IsUsedUp => Left is { IsZero: true } || Uses >= Terms.MaxUses;

    /// <summary>
    /// Whether it counts on one more invoice of a period: an amount is taken off a period once, or until all of it was taken where it carries over or was begun by bills that were made early; a percentage that is
    /// not for one invoice alone is taken off all of its invoices.
    /// </summary>
    public bool Counts(Instant period) => CountedFor >= period && !Terms.CarryOver
        ? Terms is { PercentOff: not null, Duration: not CouponDuration.Once } || LeftIn(period) is { IsZero: false }
        : !IsUsedUp;

    /// <summary>Whether it counts on one more invoice of a period before the latest that it counted for: what that has is no use of it that is left, but for a coupon without end.</summary>
    /// <param name="counted">Whether it counted for that period.</param>
    public bool CountsBefore(bool counted) => Terms.CarryOver ? !IsUsedUp : counted ? Terms is { PercentOff: not null, Duration: not CouponDuration.Once } : Terms.Duration is CouponDuration.Forever;

    /// <summary>The same after it took something off an invoice of a period, whichever of them that is.</summary>
    /// <param name="period">The start of the period.</param>
    /// <param name="taken">How much it took.</param>
    /// <param name="isEarly">Whether other bills of the same usage follow, which what is left of an amount is for.</param>
    public Redemption Counted(Instant period, Money taken, bool isEarly = false)
    {
        var rest = Terms is { CarryOver: true, AmountOff: { } amount } ? this with { Left = (Left ?? amount) - taken } : this;
        var counted = CountedFor >= period ? rest : rest with { Uses = Uses + 1, CountedFor = period };
        return isEarly && Terms.AmountOffPeriod is { } off ? counted with { LeftOfPeriod = (LeftIn(period) ?? off) - taken } : counted with { LeftOfPeriod = null };
    }

    /// <summary>The same with so much as it may take off an invoice of a period.</summary>
    public Redemption For(Instant period) => Taking(Terms.CarryOver ? Left : LeftIn(period));

    /// <summary>
    /// How it counts on an invoice of a period where that does not follow from what it took: it found nothing, and no use of it is lost by that; or bills that were made early had left a part of an amount for it.
    /// Null for every other, and for one that stays for the next invoice, as an amount does within a period: it is taken off that once.
    /// </summary>
    /// <param name="period">The start of the period.</param>
    /// <param name="isTaken">Whether it took something off the invoice.</param>
    /// <param name="isEarly">Whether other bills of the same usage follow.</param>
    /// <param name="isWithin">Whether the period goes on after the invoice.</param>
    internal InvoiceCoupon? CountingOn(Instant period, bool isTaken, bool isEarly, bool isWithin) => !Terms.CarryOver && (isTaken ? !isEarly && LeftIn(period) is not null : CountedFor >= period || (Terms.Duration is CouponDuration.Forever && !(isWithin && Terms.AmountOff is not null)))
        ? new InvoiceCoupon(Coupon, Terms.AmountOff)
        : null;

    /// <summary>The same with so much as the amount that it takes off.</summary>
    public Redemption Taking(Money? amount) => Terms.AmountOff is not null && amount is not null ? this with { Terms = Terms with { AmountOff = amount } } : this;

    /// <summary>The same as it counted on an invoice that it took something off: with as much as was left of it for that, where it was not the lines that ended it.</summary>
    public Redemption TakenFrom(Invoice invoice, Money taken)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return Terms.CarryOver || invoice.Kind is InvoiceKind.Progressive || invoice.Lines.Where(line => line is { RefersBack: false, Kind: not LineKind.OneOff } && Terms.IsFor(line)).Sum(line => line.Net.MinorUnits) > 0 ? Taking(taken) : this;
    }

    /// <summary>The same after it took something off what came late to an invoice: where no invoice of that period had it before, that is the one that it counted on.</summary>
    public Redemption CountedLate(Instant period) => CountedFor >= period ? this : Counted(period, Money.Zero(Terms.AmountOff!.Value.Currency));

    /// <summary>The same with no more of an amount that it takes off; with none of it where that is negative.</summary>
    public Redemption AtMost(Money most) => Terms.AmountOff is { } amount && most.MinorUnits < amount.MinorUnits ? Taking(Money.FromMinorUnits(Math.Max(0, most.MinorUnits), most.Currency)) : this;

    /// <summary>What an invoice has of it for a period: off its own lines, and off what comes late to earlier bills.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="period">The start of the period.</param>
    /// <param name="isOwn">Whether coupons count the invoice itself for it.</param>
    /// <param name="but">The bill that is not looked at.</param>
    public Money TakenBy(Invoice invoice, Instant period, bool isOwn, InvoiceId but)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        return invoice.Discounts.Where(discount => discount.Coupon == Coupon && (discount.IsCorrection ? discount.CountsFor == period && discount.Corrects != but : isOwn && invoice.Id != but))
            .Aggregate(Money.Zero(invoice.Currency), (sum, discount) => sum + discount.Amount);
    }

    private Money? LeftIn(Instant period) => CountedFor == period ? LeftOfPeriod : null;
}
