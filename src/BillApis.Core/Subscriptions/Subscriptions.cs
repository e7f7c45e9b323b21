using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using BillApis.Storage;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Customers' agreements to plans.</summary>
public sealed class Subscriptions
{
    private const string Kind = "subscription";
    private const int MaxAttempts = 16;
    private readonly ISubscriptionStore _store;
    private readonly OpenPeriods _periods;
    private readonly Customers _customers;
    private readonly Plans _plans;
    private readonly Coupons _coupons;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;

    internal Subscriptions(ISubscriptionStore store, OpenPeriods periods, Customers customers, Plans plans, Coupons coupons, IOptions<BillingOptions> options, IClock clock) =>
        (_store, _periods, _customers, _plans, _coupons, _options, _clock) = (store, periods, customers, plans, coupons, options, clock);

    /// <summary>Subscribes a customer to the newest published version of a plan.</summary>
    /// <exception cref="BillingException">The customer or plan does not exist, is archived or not published, currencies differ, or a field breaks a rule.</exception>
    public async Task<Subscription> CreateAsync(TenantId tenant, NewSubscription request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Check();
        request = request.ToStored();
        var customer = await _customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        var plan = await _plans.GetAsync(tenant, request.Plan, cancellationToken).ConfigureAwait(false);
        var (version, currency) = Subscribable(customer, plan, request.Currency);
        var now = _clock.GetStoredInstant();
        request.Commitment?.Validate(currency);
        if (request.UsageThreshold is { } threshold && (threshold.MinorUnits <= 0 || threshold.Currency != currency))
        {
            throw BillingException.Field("usage_threshold", $"must be more than 0 {currency}");
        }

        var start = NewTimeline(request, customer, version, now) with { Commitment = request.Commitment };
        var (timeline, versions) = await WithPhasesAsync(tenant, request, start, version, now, cancellationToken).ConfigureAwait(false);
        var subscription = new Subscription
        {
            Id = EntityId.New<SubscriptionId>(),
            Tenant = tenant,
            Customer = customer.Id,
            Plan = plan.Id,
            PlanVersion = version.Number,
            Currency = currency,
            UsageThreshold = request.UsageThreshold,
            ConsolidateInvoices = request.ConsolidateInvoices,
            IsConsolidated = request.ConsolidateInvoices ?? customer.ConsolidateInvoices,
            Timeline = timeline,
            Metadata = request.Metadata,
            CreatedAt = now,
        }.Schedule(versions, _options.Value);
        Check.Metadata(subscription.Metadata);
        if (request.AwaitsPayment && (subscription.NextBillingAt is not { } first || ChargeSchedule.Of(timeline, versions).At(first, []).Charges.Count == 0))
        {
            throw BillingException.Field("activation", "needs a price in advance, whose first invoice can be paid");
        }

        subscription = await RedeemAsync(
            tenant, request.Coupons, _ => Task.FromResult(subscription), new BillingEvent("subscription.created", subscription.Id.ToString(), now), cancellationToken).ConfigureAwait(false);
        await _periods.OpenAsync(subscription, cancellationToken).ConfigureAwait(false);
        return subscription;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public Task<Subscription> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) => _store.GetAsync(tenant, Kind, id, cancellationToken);

    /// <summary>Lists newest first; filtered by <c>customer_id</c>, and by <c>plan_id</c> and <c>status</c> as they are now.</summary>
    public async Task<Page<Subscription>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Where.ContainsKey("status") || query.Where.ContainsKey("plan_id"))
        {
            await _store.RefreshAsync(tenant, _clock.GetCurrentInstant(), cancellationToken).ConfigureAwait(false);
        }

        return await _store.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Redeems a coupon for a subscription, from the next invoice on.</summary>
    /// <exception cref="BillingException">There is no such subscription or coupon, or the coupon cannot be redeemed for it.</exception>
    public Task<Subscription> AddCouponAsync(TenantId tenant, string id, string coupon, CancellationToken cancellationToken = default) =>
        RedeemAsync(
            tenant, [coupon], token => _store.GetAsync(tenant, Kind, id, token), new BillingEvent("subscription.coupon_added", id, _clock.GetCurrentInstant()), cancellationToken);

    /// <summary>Takes a coupon off a subscription; what it discounted stays, and its redemption stays counted.</summary>
    /// <exception cref="BillingException">There is no such subscription, or it has no such coupon.</exception>
    public async Task<Subscription> RemoveCouponAsync(TenantId tenant, string id, string coupon, CancellationToken cancellationToken = default)
    {
        var found = await _coupons.GetAsync(tenant, coupon, cancellationToken).ConfigureAwait(false);
        return await _store.ChangeAsync(
            tenant,
            Kind,
            id,
            subscription => Task.FromResult<(Subscription, IReadOnlyList<BillingEvent>)>(
                (subscription.WithoutCoupon(found.Id), [new BillingEvent("subscription.coupon_removed", id, _clock.GetCurrentInstant())])),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The version of a plan that a subscription has now.</summary>
    public async Task<PlanVersion> VersionAsync(Subscription subscription, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var plan = subscription.PlanAt(_clock.GetCurrentInstant());
        return await _plans.VersionAsync(subscription.Tenant, plan.Plan, plan.Version, subscription.Currency, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a subscription is charged, and when.</summary>
    public async Task<ChargeSchedule> ScheduleAsync(Subscription subscription, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return ChargeSchedule.Of(subscription.Timeline, await _plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false));
    }

    // The coupons count the redemption in the transaction that stores it, and the slower of two reads both again.
    private async Task<Subscription> RedeemAsync(
        TenantId tenant, ImmutableArray<string> references, Func<CancellationToken, Task<Subscription>> read, BillingEvent happened, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var (subscription, redeemed) = (await read(cancellationToken).ConfigureAwait(false), new List<Coupon>());
            foreach (var reference in references)
            {
                var coupon = await _coupons.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
                subscription = subscription.Redeem(coupon, happened.At);
                redeemed.Add(coupon.Redeem(subscription.Currency, happened.At));
            }

            if (await _store.SaveAsync(tenant, [subscription], redeemed, [happened], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return subscription.WithVersion(subscription.Version + 1);
            }
        }

        throw BillingException.Changed(Kind, happened.SubjectId);
    }

    // What was agreed from the start is known to every bill, however far back it starts.
    private async Task<(Timeline Timeline, PlanVersions Versions)> WithPhasesAsync(
        TenantId tenant, NewSubscription request, Timeline timeline, PlanVersion first, Instant now, CancellationToken cancellationToken)
    {
        var (versions, current, after) = (new PlanVersions(first), first, timeline.StartAt);
        Check.Range("phases", request.Phases.Length, 0, Limits.PageSize);
        foreach (var phase in request.Phases)
        {
            after = phase.StartAt > after ? phase.StartAt : throw BillingException.Field("phases", $"must begin one after another, after {after}");
            var entry = new TimelineEntry(0, TimelineKind.QuantitiesChanged, phase.StartAt, Instant.Min(now, timeline.StartAt)) { Proration = phase.Proration };
            if (phase.Plan is { } reference)
            {
                var plan = await _plans.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
                var before = current;
                (current, _) = Subscribable(await _customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false), plan, request.Currency);
                var to = new PlanRef(plan.Id, current.Number);
                versions = versions with { Later = versions.Later.SetItem(to, current) };
                entry = entry with { Kind = TimelineKind.PlanChanged, Plan = to, Restarts = PlanChanges.Restarts(before, current) };
            }

            entry = entry with { Quantities = PriceChanges.Quantities(phase.Quantities, current), Prices = PriceChanges.Terms(phase.Prices, current) };
            timeline = timeline.Add(entry with { Kind = phase.Plan is null && !phase.Prices.IsEmpty ? TimelineKind.PricesChanged : entry.Kind });
        }

        return (timeline, versions);
    }

    private static (PlanVersion Version, Currency Currency) Subscribable(Customer customer, Plan plan, Currency? currency)
    {
        if (customer.ArchivedAt is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The customer '{customer.Id}' is archived and cannot subscribe.");
        }

        if (plan.ArchivedAt is not null || plan.Published is null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The plan '{plan.Code}' is {(plan.ArchivedAt is null ? "not published yet" : "archived")} and cannot be subscribed to.");
        }

        if (currency is { } asked && asked != customer.Currency)
        {
            throw BillingException.Field("currency", $"must be {customer.Currency}, the currency of the customer '{customer.Id}'");
        }

        return plan.Published.Has(customer.Currency)
            ? (plan.Published.In(customer.Currency), customer.Currency)
            : throw BillingException.Field(currency is null ? "plan_id" : "currency", $"must match: not everything that the plan '{plan.Code}' charges has amounts in {customer.Currency}");
    }

    private static Timeline NewTimeline(NewSubscription request, Customer customer, PlanVersion version, Instant now)
    {
        var start = request.StartAt ?? now;
        var trialDays = request.TrialDays ?? version.TrialDays;
        Check.Range("trial_days", trialDays, 0, Plan.MaxTrialDays);
        if (request.TrialEndAt is { } trialEnd && (trialEnd <= start || request.TrialDays is not null || trialEnd > start + Duration.FromDays(Plan.MaxTrialDays)))
        {
            throw BillingException.Field("trial_end_at", $"must be after start_at, at most {Plan.MaxTrialDays} days, and without trial_days");
        }

        if (request.EndAt <= start)
        {
            throw BillingException.Field("end_at", "must be after start_at");
        }

        Horizon.Around("start_at", start, now);

        return new Timeline
        {
            StartAt = start,
            Zone = customer.Zone,
            Anchor = request.Anchor ?? BillingAnchor.Subscription,
            AwaitsPayment = request.AwaitsPayment,
            Prices = PriceChanges.Terms(request.Prices, version),
            TrialEndAt = request.TrialEndAt ?? (trialDays > 0 ? start.InZone(customer.Zone).LocalDateTime.PlusDays(trialDays).InZoneLeniently(customer.Zone).ToInstant() : null),
            EndAt = request.EndAt,
            Quantities = PriceChanges.Quantities(request.Quantities, version),
        };
    }
}
