using System.Collections.Immutable;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>A random catalogue, and subscriptions to it with random dates, quantities, coupons, credits, taxes and usage; the same for the same seed.</summary>
internal sealed class RandomLife(Random random, int number, RandomDates dates)
{
    private readonly Random _random = random;

    private string Name(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");

    /// <summary>Makes the catalogue and so many subscriptions: each of a customer of its own, or two or three of one that gets one invoice for them.</summary>
    public async Task<IReadOnlyList<Subscription>> CreateAsync(Scenario life, int subscriptions)
    {
        await life.PlanAsync(Name("plan"), [.. Enumerable.Range(0, _random.Next(1, 6)).Select(RandomOffer)]);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = Name("PERCENT"), Terms = new CouponTerms { PercentOff = Decimal(1, 9_999, 2), Duration = CouponDuration.Repeating, DurationPeriods = _random.Next(1, 4) } });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = Name("AMOUNT"), Terms = new CouponTerms { AmountOff = Money.Of(Decimal(1, 5_000, 2), Currency.Parse("USD")), Duration = CouponDuration.Forever } });
        var created = new List<Subscription>();
        while (created.Count < subscriptions)
        {
            var (customer, together) = (string.Create(CultureInfo.InvariantCulture, $"customer-{number}-{created.Count}"), _random.Next(4) == 0 ? Math.Min(_random.Next(2, 4), subscriptions - created.Count) : 1);
            await CustomerAsync(life, customer, together > 1);
            var (start, anchor) = (One(dates.Starts), Anchor());
            for (var i = 0; i < together; i++)
            {
                // Most of those that are billed together begin together; of others only some boundaries are common ones.
                created.Add(_random.Next(4) > 0 ? await SubscribeAsync(life, customer, start, anchor, i) : await SubscribeAsync(life, customer, One(dates.Starts), Anchor(), i));
            }
        }

        return created;
    }

    private BillingAnchor Anchor() => One(BillingAnchor.Subscription, BillingAnchor.Calendar, BillingAnchor.OnDay(dates.Day));

    private async Task CustomerAsync(Scenario life, string customer, bool consolidated)
    {
        var country = One<string?>(null, "DE", "CA", "FR");
        await life.CustomerAsync(customer, zone: One(dates.Zones), with: item => item with { ConsolidateInvoices = consolidated, Country = country, TaxExempt = _random.Next(10) == 0, TaxId = _random.Next(4) == 0 ? "DE123456789" : null });
        for (var i = _random.Next(0, 4); i > 0; i--)
        {
            await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant(customer, Money.Of(Decimal(1, 8_000, 2), Currency.Parse("USD")))
            {
                Category = One(CreditCategory.Paid, CreditCategory.Promotional), Priority = _random.Next(1, 4), ExpiresAt = _random.Next(3) == 0 ? life.Clock.Now + Duration.FromDays(_random.Next(1, 60)) : null,
            });
        }

    }

    private async Task<Subscription> SubscribeAsync(Scenario life, string customer, Instant start, BillingAnchor anchor, int place)
    {
        // A customer's second subscription may be to the plan of the catalogue before.
        var plan = place > 0 && number > 0 && _random.Next(2) == 0 ? string.Create(CultureInfo.InvariantCulture, $"plan-{number - 1}") : Name("plan");
        var subscription = await life.SubscribeAsync(customer, plan, with => OutlivingItsTrial(with with
        {
            StartAt = start,
            Anchor = anchor,
            TrialDays = _random.Next(4) == 0 ? _random.Next(1, 15) : 0,
            EndAt = _random.Next(4) == 0 ? start + Duration.FromDays(_random.Next(1, 80)) : null,
            Coupons = [.. new[] { Name("PERCENT"), Name("AMOUNT") }.Where(_ => _random.Next(3) == 0)],
        }));
        await UseAsync(life, customer, start, subscription.Id, place);
        return subscription;
    }

    // One that ends in its trial is over from the start, and takes no coupon.
    private static NewSubscription OutlivingItsTrial(NewSubscription asked) =>
        asked.EndAt <= asked.StartAt + Duration.FromDays((asked.TrialDays ?? 0) + 1) ? asked with { EndAt = asked.EndAt + Duration.FromDays(20) } : asked;

    // Some is of the customer, and counts for each of its subscriptions that meters it; some is of this one alone.
    private async Task UseAsync(Scenario life, string customer, Instant start, SubscriptionId subscription, int place)
    {
        ImmutableArray<UsageEvent> events = [.. Enumerable.Range(0, _random.Next(0, 16)).Select(i => new UsageEvent
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{customer}-{place}-{i}"), Type = string.Create(CultureInfo.InvariantCulture, $"type-{number}-{_random.Next(0, 5)}"), Customer = customer, SubscriptionId = _random.Next(3) == 0 ? subscription : null,
            Timestamp = start + Duration.FromMinutes(_random.Next(0, 70 * 24 * 60)),
            Properties = UsageProperties.Of(("value", Decimal(0, 4_000_000, 3)), ("region", One("eu", "us", "mars"))),
        })];
        if (!events.IsEmpty)
        {
            await life.Billing.Usage.RecordAsync(life.Tenant, events);
        }
    }

    private Offer RandomOffer(int place)
    {
        var code = string.Create(CultureInfo.InvariantCulture, $"price-{number}-{place}");
        var offer = _random.Next(3) switch
        {
            0 => Offer.Fee(code, Decimal(0, 20_000, 2)),
            1 => Offer.Seats(code, Decimal(0, 20_000, 4), _random.Next(0, 40)),
            _ => Offer.Usage(code, string.Create(CultureInfo.InvariantCulture, $"type-{number}-{place}"), Model()) with { Aggregation = One(Aggregation.Sum, Aggregation.Sum, Aggregation.Max, Aggregation.Count) },
        };
        var (least, most) = (_random.Next(5) == 0 ? Decimal(0, 5_000, 2) : (decimal?)null, _random.Next(5) == 0 ? Decimal(5_000, 90_000, 2) : (decimal?)null);
        return offer.Having(terms => terms with
        {
            Interval = One(new BillingInterval(IntervalUnit.Month, 1), new BillingInterval(IntervalUnit.Month, 1), new BillingInterval(IntervalUnit.Week, 2), new BillingInterval(IntervalUnit.Day, 10), new BillingInterval(IntervalUnit.Quarter, 1)),
            Proration = One(Proration.BySecond, Proration.ByDay, Proration.None),
            MinimumAmount = least,
            MaximumAmount = most,
            GroupBy = terms.Model is PerUnitPrice && offer.Metric is not null && _random.Next(2) == 0 ? ["region"] : [],
            IncludedQuantity = offer.Metric is not null && terms.Model is PerUnitPrice or GraduatedPrice && _random.Next(3) == 0 ? Decimal(0, 1_000, 1) : 0,
            FlatWhenZero = terms.Model is GraduatedPrice && _random.Next(3) == 0,
        });
    }

    private PriceModel Model() => _random.Next(8) switch
    {
        0 => new GraduatedPrice(Tiers()),
        1 => new VolumePrice(Tiers()),
        2 => new StairstepPrice([.. Tiers().Select(tier => tier with { UnitAmount = 0, FlatAmount = Decimal(0, 90_000, 2) })]),
        3 => new PackagePrice(Decimal(1, 9_000, 1), Decimal(0, 9_000, 3), One(PackageRounding.Up, PackageRounding.Down)),
        4 => new PercentagePrice(Decimal(0, 900, 2), Decimal(0, 90, 2), _random.Next(0, 3), One<decimal?>(null, Decimal(0, 90_000, 2)), One<decimal?>(null, 0.35m), One<decimal?>(null, 50m)),
        5 => new MatrixPrice(["region"], [new MatrixCell(["eu"], Decimal(0, 9_000, 5)), new MatrixCell(["us"], Decimal(0, 9_000, 5))], Decimal(0, 9_000, 5)),
        6 => new DynamicPrice(null, Decimal(1, 300, 2)),
        _ => new PerUnitPrice(Decimal(0, 90_000, 6)),
    };

    private ImmutableArray<Tier> Tiers()
    {
        var bounds = Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Decimal(1, 90_000, 1)).Distinct().Order().ToList();
        return [.. bounds.Select(bound => (decimal?)bound).Append(null).Select(bound => new Tier(bound, Decimal(0, 90_000, 6), One(0m, Decimal(0, 900, 2))))];
    }

    private T One<T>(params ReadOnlySpan<T> of) => of[_random.Next(of.Length)];

    private decimal Decimal(int least, int most, byte scale) => new(_random.Next(least, most + 1), 0, 0, false, scale);
}
