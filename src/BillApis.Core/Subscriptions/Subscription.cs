using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Storage;
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

    /// <summary>The plan that it began with; <see cref="PlanAt"/> is the one that it has.</summary>
    public required PlanId Plan { get; init; }

    /// <summary>The version of that plan; moving it is an explicit change.</summary>
    public required int PlanVersion { get; init; }

    /// <summary>The currency of every invoice.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The dates, quantities and changes that every invoice and its state follow from.</summary>
    public required Timeline Timeline { get; init; }

    /// <summary>The coupons that it redeemed, the oldest first.</summary>
    public ImmutableArray<Redemption> Coupons { get; init; } = [];

    /// <summary>Coupons that were taken off it; what they discounted stays.</summary>
    public ImmutableArray<Redemption> FormerCoupons { get; init; } = [];

    /// <summary>When someone asked for its end; null where nobody did.</summary>
    public Instant? CanceledAt { get; init; }

    /// <summary>The last boundary that was billed; null before the first.</summary>
    public Instant? BilledUntil { get; init; }

    /// <summary>How many boundaries were billed.</summary>
    public int BoundariesBilled { get; init; }

    /// <summary>How many entries of the timeline those boundaries took into account.</summary>
    public int EntriesBilled { get; init; }

    /// <summary>The boundary that is to be billed next; null once everything is billed.</summary>
    public Instant? NextBillingAt { get; init; }

    /// <summary>From when the worker bills that boundary by itself: late usage gets a grace, and so does a start in the past.</summary>
    public Instant? AutoBillingAt { get; init; }

    /// <summary>The draft that is kept of its next boundary; null while there is none.</summary>
    public InvoiceId? Draft { get; init; }

    /// <summary>The amount of unbilled usage that is invoiced before its period ends, as agreed for it alone; null where its plan says so.</summary>
    public Money? UsageThreshold { get; init; }

    /// <summary>Whether it, or a plan that it goes through, has such an amount.</summary>
    public bool IsWatched { get; init; }

    /// <summary>Whether it is billed together with others of its customer where they have a boundary in common; null for what the customer says.</summary>
    public bool? ConsolidateInvoices { get; init; }

    /// <summary>The same as it is now, whoever said so.</summary>
    public bool IsConsolidated { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>Whether everything of it is billed and nothing will follow.</summary>
    [JsonIgnore]
    public bool IsOver => NextBillingAt is null && !Timeline.StateAt(Instant.MaxValue).AwaitsPayment;

    /// <summary>Since when its state is known: what was recorded last, or billed.</summary>
    [JsonIgnore]
    public Instant AsOf => RecordedSince(Instant.Max(CreatedAt, BilledUntil ?? CreatedAt));

    /// <summary>When an entry is recorded now; never before an earlier one.</summary>
    internal Instant RecordsAt(IClock clock) => RecordedSince(clock.GetStoredInstant());

    string IEntity<Subscription>.Key => Id.ToString();

    string? IEntity<Subscription>.Alias => null;

    /// <inheritdoc/>
    public Subscription WithVersion(long version) => this with { Version = version };

    /// <summary>Where it is in its life at an instant.</summary>
    public SubscriptionStatus StatusAt(Instant now)
    {
        var state = Timeline.StateAt(now);
        return state.EndedAt is not null ? state.IsCanceled || CanceledAt is not null ? SubscriptionStatus.Canceled : SubscriptionStatus.Expired
            : now < Timeline.StartAt || state.AwaitsPayment ? SubscriptionStatus.Pending
            : !state.Causes.IsEmpty ? SubscriptionStatus.Suspended
            : state.PausedAt is not null ? SubscriptionStatus.Paused
            : now < Timeline.BillingStartAt ? SubscriptionStatus.Trialing
            : state.IsPastDue ? SubscriptionStatus.PastDue
            : SubscriptionStatus.Active;
    }

    /// <summary>The version of a plan that it has at an instant.</summary>
    public PlanRef PlanAt(Instant now) => Timeline.StateAt(now).Plan ?? new PlanRef(Plan, PlanVersion);

    /// <summary>Sets what is to be billed next, and from when the worker does so.</summary>
    public Subscription Schedule(PlanVersions plans, BillingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Schedule(plans, ChargeSchedule.Of(Timeline, plans), options);
    }

    private Subscription Schedule(PlanVersions plans, ChargeSchedule schedule, BillingOptions options)
    {
        var waits = BoundariesBilled > 0 && Timeline.StateAt(Instant.MaxValue).AwaitsPayment;
        var next = waits ? null : NextBoundary(schedule);
        var watched = UsageThreshold is not null || plans.Later.Values.Append(plans.First).Any(plan => plan.UsageThreshold is not null);
        return this with { IsWatched = watched, NextBillingAt = next, AutoBillingAt = next is { } boundary ? AutoBilling(schedule, boundary, options) : null };
    }

    /// <summary>Records that a boundary was billed; billing it again changes nothing.</summary>
    /// <param name="boundary">The boundary.</param>
    /// <param name="plans">The versions of its plans.</param>
    /// <param name="options">When the worker bills.</param>
    /// <param name="invoice">What was issued for it; null where nothing was charged. A coupon that it names counts for its period.</param>
    /// <param name="countsFor">The start of that period; the boundary where null.</param>
    public Subscription Billed(Instant boundary, PlanVersions plans, BillingOptions options, Invoice? invoice = null, Instant? countsFor = null) => Billed(boundary, plans, ChargeSchedule.Of(Timeline, plans), options, invoice, countsFor);

    /// <summary>The same by the schedule that follows from its timeline and its plans.</summary>
    internal Subscription Billed(Instant boundary, PlanVersions plans, ChargeSchedule schedule, BillingOptions options, Invoice? invoice, Instant? countsFor) => NextBillingAt == boundary
        ? (this with { BilledUntil = boundary, BoundariesBilled = BoundariesBilled + 1, EntriesBilled = Timeline.Entries.Length, Coupons = [.. Counted(invoice?.PartOf(Id), countsFor ?? boundary).Coupons.Select(coupon => coupon with { LeftOfPeriod = null })], Draft = null }).Schedule(plans, schedule, options)
        : this;

    /// <summary>Records something, and what is to be billed next because of it.</summary>
    public Subscription Record(TimelineEntry entry, PlanVersions plans, BillingOptions options)
    {
        ArgumentNullException.ThrowIfNull(entry);

        // What was recorded before it may itself still wait to be billed at the last boundary: then the instant is billed once, with both.
        var isNews = BilledUntil >= entry.At && NextBillingAt != BilledUntil;
        return (this with { Timeline = Timeline.Add(entry with { IsNews = isNews }) }).Schedule(plans, options);
    }

    /// <summary>Takes a coupon on, with the terms that it has now.</summary>
    /// <exception cref="BillingException">It is on already, is for another plan, or the subscription is over.</exception>
    public Subscription Redeem(Coupon coupon, Instant at)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        var refusal = IsOver ? "is over"
            : Coupons.Any(redemption => redemption.Coupon == coupon.Id) ? $"has redeemed the coupon '{coupon.Code}' already"
            : !coupon.Terms.Plans.IsEmpty && !coupon.Terms.Plans.Contains(PlanAt(at).Plan) ? $"is not to a plan that the coupon '{coupon.Code}' is for"
            : null;
        return refusal is null
            ? this with { Coupons = Coupons.Add(new Redemption(coupon.Id, coupon.Name ?? coupon.Code, coupon.Terms, at)) }
            : throw new BillingException(BillingErrorCode.Conflict, $"The subscription '{Id}' {refusal}.");
    }

    /// <summary>Takes a coupon off again; what it discounted stays.</summary>
    /// <exception cref="BillingException">It is not on.</exception>
    public Subscription WithoutCoupon(CouponId coupon) => Coupons.Any(redemption => redemption.Coupon == coupon)
        ? this with { Coupons = [.. Coupons.Where(redemption => redemption.Coupon != coupon)], FormerCoupons = [.. FormerCoupons, .. Coupons.Where(redemption => redemption.Coupon == coupon)] }
        : throw BillingException.NotFound("coupon of the subscription", coupon.ToString());

    /// <summary>The coupons that counted on an invoice, as they were redeemed then: those that took something off it, and those that would have, had there been anything.</summary>
    internal ImmutableArray<Redemption> CouponsOf(Invoice invoice) =>
        [.. TakenBy(invoice).Where(item => item.Value is not null).ExceptBy(invoice.Coupons.Select(coupon => coupon.Coupon), item => item.Key)
            .Select(item => RedeemedOn(invoice, item.Key)?.TakenFrom(invoice, item.Value!.Value)).Concat(invoice.Coupons.Select(coupon => RedeemedOn(invoice, coupon.Coupon)?.Taking(coupon.Most))).OfType<Redemption>()];

    /// <summary>The same, of an amount with no more than what other bills leave of it for the period of the invoice.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="schedule">What is charged when.</param>
    /// <param name="bills">What was billed so far.</param>
    internal ImmutableArray<Redemption> CouponsOf(Invoice invoice, ChargeSchedule schedule, IReadOnlyCollection<Invoice> bills)
    {
        var coupons = CouponsOf(invoice);
        if (coupons.All(coupon => coupon.Terms.AmountOffPeriod is null))
        {
            return coupons;
        }

        var period = schedule.CountsFor(invoice);
        return [.. coupons.Select(coupon => RedeemedOn(invoice, coupon.Coupon)!.Terms.AmountOffPeriod is { } whole ? coupon.AtMost(bills.Aggregate(whole, (left, bill) => left - TakenBy(bill, coupon))) : coupon)];

        // Who takes a coupon on again has its amount again.
        Money TakenBy(Invoice bill, Redemption coupon) => coupon.TakenBy(bill, period, schedule.CountsFor(bill) == period && RedeemedOn(bill, coupon.Coupon)?.At == coupon.At, invoice.Id);
    }

    private Redemption? RedeemedOn(Invoice invoice, CouponId coupon)
    {
        var redeemed = FormerCoupons.Concat(Coupons).Where(redemption => redemption.Coupon == coupon).ToList();
        return redeemed.FindLast(redemption => redemption.At <= (invoice.IssuedAt ?? invoice.CreatedAt)) ?? redeemed.FirstOrDefault();
    }

    /// <summary>The coupons that count on one more invoice of a period, with the plan of an instant.</summary>
    internal IEnumerable<Redemption> CountingCoupons(Instant period, Instant at) => Counting(period, at, redemption => redemption.Counts(period));

    /// <summary>The same where they may have counted for a later period since.</summary>
    /// <param name="period">The start of the period.</param>
    /// <param name="at">The instant.</param>
    /// <param name="bills">The invoices of that period.</param>
    internal IEnumerable<Redemption> CountingCoupons(Instant period, Instant at, IReadOnlyCollection<Invoice> bills) => Counting(period, at, redemption => redemption.CountedFor > period
        ? redemption.CountsBefore(bills.Any(bill => bill.Discounts.Any(discount => discount.Coupon == redemption.Coupon && !discount.IsCorrection) || bill.Coupons.Any(coupon => coupon.Coupon == redemption.Coupon)))
        : redemption.Counts(period));

    private IEnumerable<Redemption> Counting(Instant period, Instant at, Func<Redemption, bool> counts) =>
        Coupons.Where(redemption => counts(redemption) && (redemption.Terms.Plans.IsEmpty || redemption.Terms.Plans.Contains(PlanAt(at).Plan))).Select(redemption => redemption.For(period));

    /// <summary>The same after the coupons that an invoice of a period names took something off it.</summary>
    internal Subscription Counted(Invoice? invoice, Instant period)
    {
        var late = (invoice?.Discounts ?? []).Where(discount => discount.CountsFor is not null).ToLookup(discount => discount.Coupon, discount => discount.CountsFor!.Value);
        var taken = TakenBy(invoice).Where(item => item.Value is not null).ToDictionary(item => item.Key, item => item.Value!.Value);
        return taken.Count + late.Count == 0 ? this : this with { Coupons = [.. Coupons.Select(Counted)] };

        Redemption Counted(Redemption redemption)
        {
            var counted = taken.TryGetValue(redemption.Coupon, out var amount) ? redemption.Counted(period, amount, invoice!.Kind is InvoiceKind.Progressive) : redemption;
            return late[redemption.Coupon].Aggregate(counted, (result, start) => result.CountedLate(start));
        }
    }

    private Instant RecordedSince(Instant at) => Timeline.Entries.Aggregate(at, (last, entry) => Instant.Max(last, entry.RecordedAt));

    // Corrections of earlier invoices are none of a coupon's uses.
    private static IEnumerable<KeyValuePair<CouponId, Money?>> TakenBy(Invoice? invoice) => (invoice?.Discounts ?? []).GroupBy(discount => discount.Coupon)
        .Select(group => KeyValuePair.Create(group.Key, group.Where(discount => !discount.IsCorrection).Select(discount => discount.Amount).Aggregate((Money?)null, (sum, amount) => sum + amount ?? amount)));

    // Something that was recorded after the last boundary was billed may take effect at that very instant: it is billed then once more.
    private Instant? NextBoundary(ChargeSchedule schedule) =>
        BilledUntil is { } last && Timeline.InEffect.Any(entry => entry.IsBilled && entry.Number >= EntriesBilled && entry.At <= last) ? last : schedule.NextBoundary(BilledUntil);

    private Instant AutoBilling(ChargeSchedule schedule, Instant boundary, BillingOptions options)
    {
        var atOnce = Timeline.Entries.Any(entry => entry.At == boundary && entry.RecordedAt == boundary);
        var metered = boundary > Timeline.BillingStartAt && schedule.Metrics.Any() && !atOnce;
        var due = metered ? boundary + options.UsageGrace : boundary;
        return boundary < CreatedAt - options.BackdatedTolerance ? Instant.Max(due, CreatedAt + options.BackdatedGrace) : due;
    }
}
