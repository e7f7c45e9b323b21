using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Reads what customers may use, and what they used of it.</summary>
internal sealed class EntitlementReader(IStore<Subscription> subscriptions, Plans plans, IStore<EntitlementOverride> overrides, IStore<Feature> features, IStore<Metric> metrics, IUsageStore usage, ISpendLimitStore limits, IReservationStore reservations)
{
    /// <summary>All that a customer may use at an instant.</summary>
    public async Task<CustomerEntitlements> ReadAsync(Customer customer, Instant at, CancellationToken cancellationToken)
    {
        var (sources, until, stopped) = (new List<EntitlementSource>(), Instant.MaxValue, new List<SpendLimit>());
        await foreach (var limit in limits.OfCustomerAsync(customer, cancellationToken).ConfigureAwait(false))
        {
            if (limit.Acts(SpendAction.Block, at) || limit.Acts(SpendAction.Suspend, at))
            {
                stopped.Add(limit);
                ChangesAt(limit.Month!.Period.End);
            }
        }

        void ChangesAt(Instant? instant) => until = instant is { } next && next > at ? Instant.Min(until, next) : until;
        await foreach (var subscription in subscriptions.OfCustomerAsync(customer, cancellationToken).ConfigureAwait(false))
        {
            ChangesAt(subscription.Timeline.StartAt);
            ChangesAt(subscription.Timeline.BillingStartAt);
            ChangesAt(subscription.Timeline.EndsAt);
            foreach (var entry in subscription.Timeline.InEffect)
            {
                ChangesAt(entry.At);
                ChangesAt(entry.Until);
            }

            var versions = await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false);
            sources.InsertRange(0, stopped.Any(limit => limit.Subscription == subscription.Id) ? [] : Of(subscription, versions[subscription.Timeline.StateAt(at).Plan], ChargeSchedule.Of(subscription.Timeline, versions), at));
        }

        var exceptions = new List<EntitlementOverride>();
        await foreach (var exception in overrides.OfCustomerAsync(customer, cancellationToken).ConfigureAwait(false))
        {
            ChangesAt(exception.EffectiveAt);
            ChangesAt(exception.End);
            exceptions.Add(exception);
        }

        exceptions.Reverse();
        sources.AddRange(exceptions.Where(exception => exception.IsInForce(at)).Select(exception => new EntitlementSource(exception.Terms, EntitlementOrigin.Override, exception.Id.ToString())));
        var granted = new List<GrantedFeature>();
        foreach (var group in sources.GroupBy(source => source.Terms.Feature))
        {
            var feature = await features.GetAsync(customer.Tenant, Feature.Kind, group.Key.ToString(), cancellationToken).ConfigureAwait(false);
            granted.Add(GrantedFeature.Of(feature, [.. group], customer.Zone, at));
            ChangesAt(granted[^1].Window is { HasEnd: true } window ? window.End : granted[^1].OpensWithin?.End);
        }

        return new CustomerEntitlements(customer, [.. granted.OrderBy(item => item.Feature.Code, StringComparer.Ordinal)], at, until) { IsBlocked = stopped.Any(limit => limit.Subscription is null) };
    }

    /// <summary>A feature that nothing grants to the customer.</summary>
    /// <exception cref="BillingException">The tenant has no such feature.</exception>
    public async Task<GrantedFeature> NoneAsync(Customer customer, string feature, Instant at, CancellationToken cancellationToken) =>
        GrantedFeature.Of(await features.GetAsync(customer.Tenant, Feature.Kind, feature, cancellationToken).ConfigureAwait(false), [], customer.Zone, at);

    /// <summary>A feature with the window that it is in at an instant, where windows open with its use. It counts from the end of the window before, after which nothing was used until it opened.</summary>
    public async Task<GrantedFeature> OpenedAsync(Customer customer, GrantedFeature granted, Instant at, CancellationToken cancellationToken)
    {
        if (granted is not { OpensWithin: { } period, Feature.Metric: { } id })
        {
            return granted;
        }

        var metric = await metrics.GetAsync(customer.Tenant, Metric.Kind, id.ToString(), cancellationToken).ConfigureAwait(false);
        var uses = await FirstUse.ReadAsync(usage, customer, metric, new Interval(period.Start, at + FirstUse.Precision), cancellationToken).ConfigureAwait(false);
        for (var from = period.Start; ;)
        {
            var use = await uses.FindAsync(from, cancellationToken).ConfigureAwait(false);
            if (OpenedWindow.Of(granted.Terms, period, customer.Zone, use, from) is not { } window)
            {
                return granted with { Window = new Interval(from, null) };
            }

            if (at < window.End)
            {
                return granted with { Window = new Interval(from, window.End) };
            }

            from = window.End;
        }
    }

    /// <summary>What was metered of quotas in their windows, up to an instant; null for what is no quota.</summary>
    public async Task<IReadOnlyList<decimal?>> UsedAsync(Customer customer, IReadOnlyList<GrantedFeature> granted, Instant until, CancellationToken cancellationToken)
    {
        var requests = new Dictionary<int, UsageRequest>();
        foreach (var (index, item) in granted.Index())
        {
            if (item is { Window: { } window, Feature.Metric: { } id } && until > window.Start)
            {
                var metric = await metrics.GetAsync(customer.Tenant, Metric.Kind, id.ToString(), cancellationToken).ConfigureAwait(false);
                requests[index] = new UsageRequest(metric, customer.Id, new Interval(window.Start, window.HasEnd ? Instant.Min(window.End, until) : until)) { Zone = customer.Zone, Whole = window.HasEnd ? window : null };
            }
        }

        var readings = requests.Count == 0 ? [] : await usage.ReadAsync(customer.Tenant, [.. requests.Values], cancellationToken).ConfigureAwait(false);
        var read = requests.Keys.Zip(readings).ToDictionary(pair => pair.First, pair => pair.Second.Groups.Sum(group => group.Value));
        return [.. granted.Index().Select(pair => pair.Item.Window is null ? null : (decimal?)read.GetValueOrDefault(pair.Index))];
    }

    /// <summary>What was committed and is set aside of a quota.</summary>
    public async Task<QuotaCount> CountAsync(Customer customer, GrantedFeature granted, CancellationToken cancellationToken) =>
        granted.Window is { } window ? await reservations.CountAsync(customer.Tenant, new QuotaKey(customer.Id, granted.Feature.Id.ToString(), window.Start), cancellationToken).ConfigureAwait(false) : default;

    private static IEnumerable<EntitlementSource> Of(Subscription subscription, PlanVersion version, ChargeSchedule schedule, Instant at)
    {
        if (subscription.StatusAt(at) is not (SubscriptionStatus.Active or SubscriptionStatus.Trialing or SubscriptionStatus.PastDue))
        {
            return [];
        }

        // A trial is a period of its own.
        var timeline = subscription.Timeline;
        var period = at < timeline.BillingStartAt ? new Interval(timeline.StartAt, Instant.Min(timeline.BillingStartAt, timeline.EndsAt ?? Instant.MaxValue)) : schedule.PeriodAt(at);
        var id = subscription.Id.ToString();
        return version.Entitlements.Select(terms => new EntitlementSource(terms, EntitlementOrigin.Plan, id) { Period = period })
            .Concat(subscription.Timeline.StateAt(at).AddOns.Select(entry => entry.AddOn!)
                .Where(addOn => addOn.Quantity > 0)
                .SelectMany(addOn => addOn.Price.Entitlements.Select(terms => new EntitlementSource(terms, EntitlementOrigin.AddOn, id) { Quantity = addOn.Quantity, Period = period })));
    }
}
