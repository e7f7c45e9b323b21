using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Customers' agreements to plans.</summary>
public sealed class Subscriptions(ISubscriptionStore store, IUsageStore usage, Customers customers, Plans plans, Coupons coupons, IOptions<BillingOptions> options, IClock clock)
{
    private const string Kind = "subscription";
    private const int MaxAttempts = 16;

    /// <summary>Subscribes a customer to the newest published version of a plan.</summary>
    /// <exception cref="BillingException">The customer or plan does not exist, is archived or not published, currencies differ, or a field breaks a rule.</exception>
    public async Task<Subscription> CreateAsync(TenantId tenant, NewSubscription request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var customer = await customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        var plan = await plans.GetAsync(tenant, request.Plan, cancellationToken).ConfigureAwait(false);
        var (version, currency) = Subscribable(customer, plan, request.Currency);
        var now = clock.GetCurrentInstant();
        var subscription = new Subscription
        {
            Id = EntityId.New<SubscriptionId>(),
            Tenant = tenant,
            Customer = customer.Id,
            Plan = plan.Id,
            PlanVersion = version.Number,
            Currency = currency,
            Timeline = NewTimeline(request, customer, version, now),
            Metadata = request.Metadata,
            CreatedAt = now,
        }.Schedule(version, options.Value);
        Check.Metadata(subscription.Metadata);
        subscription = await RedeemAsync(
            tenant, request.Coupons, _ => Task.FromResult(subscription), new BillingEvent("subscription.created", subscription.Id.ToString(), now), cancellationToken).ConfigureAwait(false);
        await OpenPeriodsAsync(subscription, cancellationToken).ConfigureAwait(false);
        return subscription;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public Task<Subscription> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) => store.GetAsync(tenant, Kind, id, cancellationToken);

    /// <summary>Lists newest first; filtered by <c>customer_id</c>, <c>plan_id</c> and <c>status</c>.</summary>
    public Task<Page<Subscription>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => store.ListAsync(tenant, query, cancellationToken);

    /// <summary>Ends one with the period that runs now; that period's usage is still billed.</summary>
    /// <exception cref="BillingException">There is none such, or it is over or ends already.</exception>
    public Task<Subscription> CancelAtPeriodEndAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        store.ChangeAsync(
            tenant,
            Kind,
            id,
            async subscription =>
            {
                var now = clock.GetCurrentInstant();
                var version = await VersionAsync(subscription, cancellationToken).ConfigureAwait(false);
                return (subscription.CancelAtPeriodEnd(version, now, options.Value), [new BillingEvent("subscription.canceled", id, now)]);
            },
            cancellationToken);

    /// <summary>Redeems a coupon for a subscription, from the next invoice on.</summary>
    /// <exception cref="BillingException">There is no such subscription or coupon, or the coupon cannot be redeemed for it.</exception>
    public Task<Subscription> AddCouponAsync(TenantId tenant, string id, string coupon, CancellationToken cancellationToken = default) =>
        RedeemAsync(
            tenant, [coupon], token => store.GetAsync(tenant, Kind, id, token), new BillingEvent("subscription.coupon_added", id, clock.GetCurrentInstant()), cancellationToken);

    /// <summary>Takes a coupon off a subscription; what it discounted stays, and its redemption stays counted.</summary>
    /// <exception cref="BillingException">There is no such subscription, or it has no such coupon.</exception>
    public async Task<Subscription> RemoveCouponAsync(TenantId tenant, string id, string coupon, CancellationToken cancellationToken = default)
    {
        var found = await coupons.GetAsync(tenant, coupon, cancellationToken).ConfigureAwait(false);
        return await store.ChangeAsync(
            tenant,
            Kind,
            id,
            subscription => Task.FromResult<(Subscription, IReadOnlyList<BillingEvent>)>(
                (subscription.WithoutCoupon(found.Id), [new BillingEvent("subscription.coupon_removed", id, clock.GetCurrentInstant())])),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The version of the plan that a subscription is pinned to.</summary>
    public Task<PlanVersion> VersionAsync(Subscription subscription, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return plans.VersionAsync(subscription.Tenant, subscription.Plan, subscription.PlanVersion, subscription.Currency, cancellationToken);
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
                var coupon = await coupons.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
                subscription = subscription.Redeem(coupon, happened.At);
                redeemed.Add(coupon.Redeem(subscription.Currency, happened.At));
            }

            if (await store.SaveAsync(tenant, [subscription], redeemed, [happened], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return subscription.WithVersion(subscription.Version + 1);
            }
        }

        throw BillingException.Changed(Kind, happened.SubjectId);
    }

    // Usage that one subscription of the customer has billed already may still be open for another: each says from when on it is.
    private async Task OpenPeriodsAsync(Subscription created, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", created.Customer.ToString());
        var all = (await store.ListAsync(created.Tenant, query, cancellationToken).ConfigureAwait(false)).Items;
        if (all.Count < 2)
        {
            return;
        }

        var open = new List<ClosedPeriod>();
        foreach (var subscription in all)
        {
            var plan = await VersionAsync(subscription, cancellationToken).ConfigureAwait(false);
            var until = Instant.Max(subscription.Timeline.StartAt, subscription.BilledUntil ?? Instant.MinValue);
            open.AddRange(plan.Items.Select(item => item.Price.Metric).OfType<MetricId>().Distinct().Select(metric => new ClosedPeriod(created.Customer, metric, subscription.Id, until)));
        }

        if (open.Count > 0)
        {
            await usage.ClosePeriodsAsync(created.Tenant, open, cancellationToken).ConfigureAwait(false);
        }
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

        return plan.Published.Items.All(item => item.Price.Terms.Currencies.Contains(customer.Currency))
            ? (plan.Published.In(customer.Currency), customer.Currency)
            : throw BillingException.Field(currency is null ? "plan_id" : "currency", $"must match: not every price of the plan '{plan.Code}' has amounts in {customer.Currency}");
    }

    private static Timeline NewTimeline(NewSubscription request, Customer customer, PlanVersion version, Instant now)
    {
        var start = request.StartAt ?? now;
        var trialDays = request.TrialDays ?? version.TrialDays;
        Check.Range("trial_days", trialDays, 0, Plan.MaxTrialDays);
        if (request.EndAt <= start)
        {
            throw BillingException.Field("end_at", "must be after start_at");
        }

        if (start < now - Limits.SubscriptionHorizon || start > now + Limits.SubscriptionHorizon)
        {
            throw BillingException.Field("start_at", $"must be within {Limits.SubscriptionHorizon.Days} days of now");
        }

        return new Timeline
        {
            StartAt = start,
            Zone = customer.Zone,
            Anchor = request.Anchor ?? BillingAnchor.Subscription,
            TrialEndAt = trialDays > 0 ? start.InZone(customer.Zone).LocalDateTime.PlusDays(trialDays).InZoneLeniently(customer.Zone).ToInstant() : null,
            EndAt = request.EndAt,
            Quantities = QuantitiesOf(request, version),
        };
    }

    private static ImmutableSortedDictionary<string, decimal> QuantitiesOf(NewSubscription request, PlanVersion version)
    {
        var quantities = ImmutableSortedDictionary.CreateBuilder<string, decimal>(StringComparer.Ordinal);
        foreach (var (reference, quantity) in request.Quantities)
        {
            var price = version.Items.Select(item => item.Price).FirstOrDefault(price => price.Code == reference || price.Id.ToString() == reference)
                ?? throw BillingException.Field($"quantities.{reference}", "is not a price of the plan");
            if (price.Metric is not null)
            {
                throw BillingException.Field($"quantities.{reference}", "is a metered price; its quantity is counted");
            }

            Check.Range($"quantities.{reference}", quantity, 0, Limits.Magnitude);
            quantities[price.Code] = quantity;
        }

        return quantities.ToImmutable();
    }
}
