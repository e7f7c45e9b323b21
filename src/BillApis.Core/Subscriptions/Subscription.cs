using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>A customer's agreement to one version of a plan, and how far it is billed.</summary>
public sealed record Subscription : IEntity<Subscription>
{
    /// <summary>The id.</summary>
    public required SubscriptionId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Who is billed.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>What is subscribed to.</summary>
    public required PlanId Plan { get; init; }

    /// <summary>The version of the plan; moving it is an explicit change.</summary>
    public required int PlanVersion { get; init; }

    /// <summary>The currency of every invoice.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The dates and quantities that every invoice follows from.</summary>
    public required Timeline Timeline { get; init; }

    /// <summary>The coupons that it redeemed, the oldest first.</summary>
    public ImmutableArray<Redemption> Coupons { get; init; } = [];

    /// <summary>When someone asked for its end; null where nobody did.</summary>
    public Instant? CanceledAt { get; init; }

    /// <summary>The last boundary that was billed; null before the first.</summary>
    public Instant? BilledUntil { get; init; }

    /// <summary>How many boundaries were billed.</summary>
    public int BoundariesBilled { get; init; }

    /// <summary>The boundary that is to be billed next; null once everything is billed.</summary>
    public Instant? NextBillingAt { get; init; }

    /// <summary>From when the worker bills that boundary by itself: late usage gets a grace, and so does a start in the past.</summary>
    public Instant? AutoBillingAt { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>Whether everything of it is billed and nothing will follow.</summary>
    [JsonIgnore]
    public bool IsOver => NextBillingAt is null;

    string IEntity<Subscription>.Key => Id.ToString();

    string? IEntity<Subscription>.Alias => null;

    /// <inheritdoc/>
    public Subscription WithVersion(long version) => this with { Version = version };

    /// <summary>Where it is in its life at an instant.</summary>
    public SubscriptionStatus StatusAt(Instant now) =>
        Timeline.EndAt <= now ? CanceledAt is null ? SubscriptionStatus.Expired : SubscriptionStatus.Canceled
        : now < Timeline.StartAt ? SubscriptionStatus.Pending
        : now < Timeline.BillingStartAt ? SubscriptionStatus.Trialing
        : SubscriptionStatus.Active;

    /// <summary>Sets what is to be billed next, and from when the worker does so.</summary>
    public Subscription Schedule(PlanVersion plan, BillingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var next = Timeline.NextBoundary(plan, BilledUntil);
        return this with { NextBillingAt = next, AutoBillingAt = next is { } boundary ? AutoBilling(plan, boundary, options) : null };
    }

    /// <summary>Records that a boundary was billed; billing it again changes nothing.</summary>
    /// <param name="boundary">The boundary.</param>
    /// <param name="plan">The version of the plan.</param>
    /// <param name="options">When the worker bills.</param>
    /// <param name="invoice">What was issued for it; null where nothing was charged. A coupon that it names is used once more.</param>
    public Subscription Billed(Instant boundary, PlanVersion plan, BillingOptions options, Invoice? invoice = null) => NextBillingAt == boundary
        ? (this with { BilledUntil = boundary, BoundariesBilled = BoundariesBilled + 1, Coupons = Used(invoice) }).Schedule(plan, options)
        : this;

    /// <summary>Takes a coupon on, with the terms that it has now.</summary>
    /// <exception cref="BillingException">It is on already, is for another plan, or the subscription is over.</exception>
    public Subscription Redeem(Coupon coupon, Instant at)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        var refusal = IsOver ? "is over"
            : Coupons.Any(redemption => redemption.Coupon == coupon.Id) ? $"has redeemed the coupon '{coupon.Code}' already"
            : !coupon.Terms.Plans.IsEmpty && !coupon.Terms.Plans.Contains(Plan) ? $"is not to a plan that the coupon '{coupon.Code}' is for"
            : null;
        return refusal is null
            ? this with { Coupons = Coupons.Add(new Redemption(coupon.Id, coupon.Name ?? coupon.Code, coupon.Terms, at)) }
            : throw new BillingException(BillingErrorCode.Conflict, $"The subscription '{Id}' {refusal}.");
    }

    /// <summary>Takes a coupon off again; what it discounted stays.</summary>
    /// <exception cref="BillingException">It is not on.</exception>
    public Subscription WithoutCoupon(CouponId coupon) => Coupons.Any(redemption => redemption.Coupon == coupon)
        ? this with { Coupons = [.. Coupons.Where(redemption => redemption.Coupon != coupon)] }
        : throw BillingException.NotFound("coupon of the subscription", coupon.ToString());

    /// <summary>Ends it with the period that runs now; that end is still billed in arrears.</summary>
    /// <exception cref="BillingException">It is over, or ends already.</exception>
    public Subscription CancelAtPeriodEnd(PlanVersion plan, Instant now, BillingOptions options)
    {
        if (CanceledAt is not null || Timeline.EndAt <= now)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The subscription '{Id}' is {(Timeline.EndAt <= now ? "over" : "canceled already")} and cannot be canceled.");
        }

        // Before the start there is nothing to wait for, in a trial its end; a plan that does not recur ends at once.
        var end = now < Timeline.StartAt ? Timeline.StartAt
            : now < Timeline.BillingStartAt ? Timeline.BillingStartAt
            : Timeline.PeriodAt(plan, now)?.End ?? now;
        return (this with { CanceledAt = now, Timeline = Timeline with { EndAt = end } }).Schedule(plan, options);
    }

    private ImmutableArray<Redemption> Used(Invoice? invoice) => invoice is null || invoice.Discounts.IsEmpty
        ? Coupons
        : [.. Coupons.Select(redemption => invoice.Discounts.Any(discount => discount.Coupon == redemption.Coupon) ? redemption with { Uses = redemption.Uses + 1 } : redemption)];

    private Instant AutoBilling(PlanVersion plan, Instant boundary, BillingOptions options)
    {
        var metered = boundary > Timeline.BillingStartAt && plan.Items.Any(item => item.Price.Metric is not null);
        var due = metered ? boundary + options.UsageGrace : boundary;
        return boundary < CreatedAt - options.BackdatedTolerance ? Instant.Max(due, CreatedAt + options.BackdatedGrace) : due;
    }
}
