using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing.Life;

/// <summary>A subscription's whole life without a store: changed by what changes subscriptions, billed by what bills them.</summary>
internal sealed class PaperSubscription
{
    private static readonly BillingOptions Options = new();
    private readonly PlanId _plan = EntityId.New<PlanId>();
    private PlanVersions _plans;

    public PaperSubscription(PlanVersion plan, Timeline timeline)
    {
        _plans = plan;
        State = new Subscription
        {
            Id = EntityId.New<SubscriptionId>(),
            Tenant = TenantId.Default,
            Customer = EntityId.New<CustomerId>(),
            Plan = _plan,
            PlanVersion = 1,
            Currency = Usd,
            Timeline = timeline,
            CreatedAt = timeline.StartAt,
        }.Schedule(plan, Options);
    }

    public Subscription State { get; private set; }

    public List<Invoice> Invoices { get; } = [];

    public decimal Net => Invoices.Sum(invoice => invoice.Total.Amount);

    /// <summary>The usage of a metric in a period; nothing where a test does not say.</summary>
    public Func<MetricId, Interval, decimal> Usage { get; init; } = (_, _) => 0;

    public PaperSubscription Redeem(Coupon coupon)
    {
        State = State.Redeem(coupon, State.CreatedAt);
        return this;
    }

    public PaperSubscription BillUntil(Instant until)
    {
        while (State.NextBillingAt is { } boundary && boundary <= until)
        {
            Bill(boundary);
        }

        return this;
    }

    /// <summary>Bills what is due, changes it, and bills the change.</summary>
    public PaperSubscription Change(Instant now, SubscriptionChange change, PlanVersion? target = null, Price? addOn = null, params PlanTransition[] transitions)
    {
        BillUntil(now);
        return Record(now, change, target, addOn, transitions).BillUntil(now);
    }

    /// <summary>Changes it, and bills nothing.</summary>
    public PaperSubscription Record(Instant now, SubscriptionChange change, PlanVersion? target = null, Price? addOn = null, params PlanTransition[] transitions)
    {
        PlanTarget? to = null;
        if (target is not null)
        {
            var current = new Plan { Id = _plan, Code = "current", Name = "Current", Currency = Usd, Versions = [_plans.First], Transitions = [.. transitions] };
            var plan = new Plan { Id = transitions is [var rule, ..] ? rule.To : EntityId.New<PlanId>(), Code = "next", Name = "Next", Currency = Usd, Versions = [target] };
            to = new PlanTarget(current, plan, target);
            _plans = _plans with { Later = _plans.Later.SetItem(new PlanRef(plan.Id, target.Number), target) };
        }

        var entries = ChangeEntries.Of(change, new ChangeContext(State, _plans, now, to, addOn));
        State = entries.Aggregate(State, (state, entry) => state.Record(entry, _plans, Options));
        return this;
    }

    private void Bill(Instant boundary)
    {
        var due = ChargeSchedule.Of(State.Timeline, _plans).At(boundary, AdvancedLine.Of(Invoices, [], boundary), State.EntriesBilled, State.BilledUntil == boundary);
        var period = ChargeSchedule.Of(State.Timeline, _plans).CountsFor(due.Charges.Select(charge => charge.Period.Start), boundary);
        var invoice = InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = State.Tenant,
            Customer = State.Customer,
            Subscription = State.Id,
            Currency = Usd,
            Boundary = boundary,
            Sequence = State.BoundariesBilled,
            Coupons = [.. State.CountingCoupons(period, boundary)],
            Unused = [.. due.Unused],
            Charges = [.. due.Charges.Select(charge => new ChargedUsage(charge, charge.Price.Metric is { } metric ? new RatingInput(Usage(metric, charge.Period)) : default))],
        });
        if (!invoice.Lines.IsEmpty)
        {
            Invoices.Add(invoice.Issue(boundary, 0));
        }

        State = State.Billed(boundary, _plans, Options, invoice.Lines.IsEmpty ? null : invoice, period);
    }
}
