using System.Collections.Immutable;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>A random catalogue, and subscriptions to it with random dates, quantities, commitments, thresholds, phases, coupons, credits, taxes and usage; the same for the same seed.</summary>
internal sealed class RandomLife(Random random, int number, RandomDates dates)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly Random _random = random;
    private readonly RandomOffers _offers = new(random, number);

    /// <summary>The plans, each with transitions to the other or to none in particular.</summary>
    public List<Plan> Plans { get; } = [];

    /// <summary>The prices that are sold beside plans.</summary>
    public List<Price> AddOns { get; } = [];

    /// <summary>The events that were recorded.</summary>
    public List<string> Events { get; } = [];

    /// <summary>The coupons that subscriptions may redeem at any time.</summary>
    public List<string> Coupons { get; } = [];

    private string Name(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");

    /// <summary>Makes the catalogue and so many subscriptions: each of a customer of its own, or two or three of one that gets one invoice for them.</summary>
    public async Task<IReadOnlyList<Subscription>> CreateAsync(Scenario life, int subscriptions)
    {
        await PlansAsync(life);
        await CouponsAsync(life);
        var created = new List<Subscription>();
        while (created.Count < subscriptions)
        {
            var (customer, together) = (string.Create(CultureInfo.InvariantCulture, $"customer-{number}-{created.Count}"), _random.Next(4) == 0 ? Math.Min(_random.Next(2, 4), subscriptions - created.Count) : 1);
            await CustomerAsync(life, customer, together > 1);
            var (start, anchor) = (_offers.One(dates.Starts), Anchor());
            for (var i = 0; i < together; i++)
            {
                // Most of those that are billed together begin together; of others only some boundaries are common ones.
                created.Add(_random.Next(4) > 0 ? await SubscribeAsync(life, customer, start, anchor, i) : await SubscribeAsync(life, customer, _offers.One(dates.Starts), Anchor(), i));
            }
        }

        return created;
    }

    /// <summary>Something that a customer used in an interval; nothing where it is known already.</summary>
    public async Task UseAsync(Scenario life, string customer, SubscriptionId subscription, Interval interval, int most)
    {
        ImmutableArray<UsageEvent> events = [.. Enumerable.Range(0, _random.Next(0, most)).Select(_ => new UsageEvent
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"event-{number}-{Events.Count + _random.Next(1_000_000)}"), Type = _random.Next(4) > 0 ? _offers.TypeOf("price", _random.Next(0, 5)) : _offers.TypeOf(_offers.One("other-price", "add-on"), _random.Next(0, 3)), Customer = customer, SubscriptionId = _random.Next(3) == 0 ? subscription : null,
            Timestamp = interval.Start + Duration.FromSeconds(_random.NextInt64(0, (long)interval.Duration.TotalSeconds + 1)),
            Properties = UsageProperties.Of(("value", _offers.Decimal(0, 4_000_000, 3)), ("region", _offers.One("eu", "us", "mars"))),
        }).DistinctBy(item => item.Id).Where(item => !Events.Contains(item.Id))];
        if (!events.IsEmpty)
        {
            await life.Billing.Usage.RecordAsync(life.Tenant, events);
            Events.AddRange(events.Select(item => item.Id));
        }
    }

    private BillingAnchor Anchor() => _offers.One(BillingAnchor.Subscription, BillingAnchor.Calendar, BillingAnchor.OnDay(dates.Day));

    private async Task PlansAsync(Scenario life)
    {
        var shared = _offers.Of("price", _random.Next(1, 6));
        await life.PlanAsync(Name("plan"), shared);
        await life.PlanAsync(Name("other"), [.. shared.Where(_ => _random.Next(2) == 0), .. _offers.Of("other-price", _random.Next(1, 4))]);
        foreach (var code in new[] { Name("plan"), Name("other") })
        {
            await life.Billing.Plans.AddVersionAsync(life.Tenant, code);
            await life.Billing.Plans.UpdateAsync(life.Tenant, code, plan => plan.WithDraft(draft => draft with { Commitment = Commitment(3), UsageThreshold = Threshold(4) }));
            Plans.Add(await life.Billing.Plans.PublishAsync(life.Tenant, code));
        }

        if (_random.Next(2) == 0)
        {
            await life.Billing.Plans.UpdateAsync(life.Tenant, Name("plan"), plan => plan with { Transitions = [.. TransitionsTo(Plans[1])] });
            await life.Billing.Plans.UpdateAsync(life.Tenant, Name("other"), plan => plan with { Transitions = [.. TransitionsTo(Plans[0])] });
        }

        foreach (var offer in _offers.Of("add-on", 2))
        {
            AddOns.Add((await life.PlanAsync(offer.Code, offer)).Latest.Items[0].Price);
        }
    }

    private IEnumerable<PlanTransition> TransitionsTo(Plan plan) =>
        Enumerable.Range(0, _random.Next(1, 3)).Select(_ => new PlanTransition(plan.Id, _offers.One(ChangeWhen.Immediate, ChangeWhen.PeriodEnd), _offers.One(ChangeProration.Prorate, ChangeProration.None, ChangeProration.Full))).Distinct();

    private async Task CouponsAsync(Scenario life)
    {
        ImmutableArray<ProductId> products = Plans.SelectMany(plan => plan.Latest.Items).Select(item => item.Price.Product).OfType<ProductId>().FirstOrDefault() is { } product && product != default ? [product] : [];
        foreach (var (code, terms) in new[]
        {
            ("PERCENT", new CouponTerms { PercentOff = _offers.Decimal(1, 9_999, 2), Duration = CouponDuration.Repeating, DurationPeriods = _random.Next(1, 4) }),
            ("AMOUNT", new CouponTerms { AmountOff = Money.Of(_offers.Decimal(1, 5_000, 2), Usd), Duration = CouponDuration.Forever }),
            ("ONCE", new CouponTerms { PercentOff = _offers.Decimal(1, 9_999, 2), Duration = CouponDuration.Once, Products = products }),
            ("GIFT", new CouponTerms { AmountOff = Money.Of(_offers.Decimal(1, 20_000, 2), Usd), Duration = CouponDuration.Once, Plans = [Plans[0].Id] }),
        })
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = Name(code), Terms = terms });
            Coupons.Add(Name(code));
        }
    }

    private async Task CustomerAsync(Scenario life, string customer, bool consolidated)
    {
        var country = _offers.One<string?>(null, "DE", "CA", "FR");
        await life.CustomerAsync(customer, zone: _offers.One(dates.Zones), with: item => item with { ConsolidateInvoices = consolidated, Country = country, TaxExempt = _random.Next(10) == 0, TaxId = _random.Next(4) == 0 ? "DE123456789" : null });
        for (var i = _random.Next(0, 4); i > 0; i--)
        {
            await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant(customer, Money.Of(_offers.Decimal(1, 8_000, 2), Usd))
            {
                Category = _offers.One(CreditCategory.Paid, CreditCategory.Promotional), Priority = _random.Next(1, 4), ExpiresAt = _random.Next(3) == 0 ? life.Clock.Now + Duration.FromDays(_random.Next(1, 60)) : null,
            });
        }
    }

    private async Task<Subscription> SubscribeAsync(Scenario life, string customer, Instant start, BillingAnchor anchor, int place)
    {
        // A customer's second subscription may be to the plan of the catalogue before.
        var plan = place > 0 && number > 0 && _random.Next(2) == 0 ? string.Create(CultureInfo.InvariantCulture, $"plan-{number - 1}") : Name(_offers.One("plan", "plan", "other"));
        var subscription = await life.SubscribeAsync(customer, plan, with => OutlivingItsTrial(with with
        {
            StartAt = start,
            Anchor = anchor,
            TrialDays = _random.Next(4) == 0 ? _random.Next(1, 15) : 0,
            EndAt = _random.Next(4) == 0 ? start + Duration.FromDays(_random.Next(1, 80)) : null,
            Commitment = Commitment(5),
            UsageThreshold = Threshold(5),
            Coupons = [.. Coupons.Where(coupon => _random.Next(4) == 0 && (plan == Name("plan") || coupon != Name("GIFT")))],
            Phases = plan == Name("plan") && _random.Next(8) == 0 ? [new NewPhase(start + Duration.FromHours(_random.Next(1, 1_000))) { Plan = Name("other"), Proration = _offers.One(ChangeProration.Prorate, ChangeProration.None) }] : [],
        }));
        await UseAsync(life, customer, subscription.Id, new Interval(start, start + Duration.FromDays(70)), 16);
        return subscription;
    }

    private MinimumCommitment? Commitment(int one) => _random.Next(one) > 0 ? null : new MinimumCommitment(
        Money.Of(_offers.Decimal(1, 60_000, 2), Usd),
        _offers.One(new BillingInterval(IntervalUnit.Month, 1), new BillingInterval(IntervalUnit.Quarter, 1), new BillingInterval(IntervalUnit.Day, 10), new BillingInterval(IntervalUnit.Year, 1)),
        _offers.One(Proration.BySecond, Proration.ByDay, Proration.None));

    private Money? Threshold(int one) => _random.Next(one) > 0 ? null : Money.Of(_offers.Decimal(1, 20_000, 2), Usd);

    // One that ends in its trial is over from the start, and takes no coupon.
    private static NewSubscription OutlivingItsTrial(NewSubscription asked) =>
        asked.EndAt <= asked.StartAt + Duration.FromDays((asked.TrialDays ?? 0) + 1) ? asked with { EndAt = asked.EndAt + Duration.FromDays(20) } : asked;
}
