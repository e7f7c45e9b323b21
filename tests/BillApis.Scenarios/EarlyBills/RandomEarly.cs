using System.Collections.Immutable;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Scenarios.EarlyBills;

/// <summary>Which amounts a life has.</summary>
internal enum Amounts
{
    /// <summary>Usage comes to whole millions, so that percentages and taxes of every bill are exact.</summary>
    Whole,

    /// <summary>The same, with coupons over an amount, given credit and one tax.</summary>
    Taken,

    /// <summary>Cents and less, levels, and parts of minimums and maximums.</summary>
    Cents,
}

/// <summary>Pairs of customers who do the same: one of a pair is billed before its periods end, the other is not.</summary>
internal sealed class RandomEarly(Random random, Scenario life, Amounts amounts)
{
    private const int Million = 1_000_000;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant First = Instant.FromUtc(2026, 1, 1, 0, 0);
    private readonly List<string> _types = [];
    private readonly List<string> _levels = [];
    private readonly HashSet<string> _priced = [];
    private readonly List<(string Early, string Late)> _used = [];
    private bool _isAdvance;
    private int _events;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The customers of each pair: who is billed early, and who is not.</summary>
    public List<(string Early, string Late)> Pairs { get; } = [];

    /// <summary>What is told where a pair was charged differently.</summary>
    public List<string> Told { get; } = [];

    public async Task LiveAsync(int pairs)
    {
        await TaxesAsync();
        await PlansAsync();
        await CouponsAsync();
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = One(ZeroInvoices.Issue, ZeroInvoices.Skip) }, Token);
        for (var i = 0; i < pairs; i++)
        {
            await SubscribeAsync(i);
        }

        var over = new HashSet<int>();
        foreach (var stop in Enumerable.Range(0, 14).Select(_ => First + Duration.FromMinutes(random.Next(1, 85 * 24 * 60))).Order().ToList())
        {
            await GoToAsync(stop);
            for (var i = 0; i < pairs; i++)
            {
                await UseAsync(Pairs[i], random.Next(0, 5));
                if (random.Next(12) == 0 && over.Add(i))
                {
                    await ChangeAsync(i, One<SubscriptionChange>(Changed(), new Cancel { When = ChangeWhen.Immediate }, new Pause { ResumeAt = stop + Duration.FromHours(random.Next(1, 400)) }));
                }
            }

            await life.RunAsync();
        }

        await GoToAsync(First + Duration.FromDays(91) + Duration.FromHours(3));
        for (var i = 0; i < pairs; i++)
        {
            await ChangeAsync(i, new Cancel { When = ChangeWhen.Immediate });
        }

        await life.RunAsync();
    }

    // Where a change bills a period in two parts, an amount is taken off the first of them alone: then it is not the same which usage had been billed before.
    private SubscriptionChange Changed() => amounts is Amounts.Taken ? new Cancel { When = ChangeWhen.Immediate } : new ChangePlan("other") { When = ChangeWhen.Immediate };

    private T One<T>(params ReadOnlySpan<T> of) => of[random.Next(of.Length)];

    private decimal Number(int least, int most, byte scale) => new(random.Next(least, most + 1), 0, 0, false, scale);

    // Prices of whole amounts are whole millions; of others some cents, or parts of one.
    private decimal Price(byte scale = 2) => amounts is Amounts.Cents ? Number(1, 9_999, scale) : Million * random.Next(1, 9);

    private Task GoToAsync(Instant at) => life.GoToAsync(at.ToString("uuuu-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));

    private async Task TaxesAsync()
    {
        foreach (var (name, country, rate, category) in new[] { ("VAT", "DE", 19m, (string?)null), ("VAT", "DE", 7m, "reduced"), ("GST", "CA", 5m, null), ("QST", "CA", 9.975m, null) })
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = name, Country = country, Percentage = rate, TaxCategory = category }, Token);
        }
    }

    private async Task PlansAsync()
    {
        _isAdvance = amounts is not Amounts.Taken && random.Next(2) == 0;
        Offer[] shared = [.. Enumerable.Range(0, random.Next(2, 5)).Select(i => Usage($"shared-{i}"))];
        await LevelAsync();
        await life.PlanAsync("one", [.. shared, Usage("own"), .. Things("one"), .. _levels.Select(level => Priced(Offer.Usage(level, level, new PerUnitPrice(Price(4)))))]);
        await life.PlanAsync("other", [.. shared.Where(_ => random.Next(2) == 0), Usage("another"), .. Things("other")]);
    }

    // A fee, in advance where nothing depends on whose period a coupon counts.
    private IEnumerable<Offer> Things(string plan)
    {
        if (amounts is not Amounts.Taken && random.Next(2) == 0)
        {
            yield return Priced(Offer.Seats($"seats-{plan}", Number(1, 9_999, 2), random.Next(1, 9)).Having(terms => terms with { Timing = _isAdvance ? BillingTiming.InAdvance : BillingTiming.InArrears }));
        }
    }

    private async Task LevelAsync()
    {
        if (amounts is Amounts.Cents)
        {
            _levels.Add("level");
            var isWeighted = random.Next(2) == 0;
            await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "level", Name = "level", EventType = "level", Aggregation = isWeighted ? Aggregation.WeightedSum : Aggregation.Sum, Property = "value", Recurring = !isWeighted || random.Next(2) == 0 }, Token);
        }
    }

    private Offer Usage(string code)
    {
        _types.Add(code);
        var model = Model();
        if (model is PercentagePrice or GraduatedPercentagePrice or DynamicPrice)
        {
            _priced.Add(code);
        }

        var isSum = model is not (PerUnitPrice or GraduatedPrice) || random.Next(4) > 0;
        var least = random.Next(5) == 0 ? Price() * 3 : (decimal?)null;
        return Priced(Offer.Usage(code, code, model) with { Aggregation = isSum ? Aggregation.Sum : One(Aggregation.Count, Aggregation.Max) }).Having(terms => terms with
        {
            MinimumAmount = least,
            MaximumAmount = random.Next(5) == 0 ? (least ?? 0) + (Price() * 100) : null,
            Proration = amounts is Amounts.Cents ? One(Proration.BySecond, Proration.ByDay, Proration.None) : Proration.None,
        });
    }

    private Offer Priced(Offer offer)
    {
        var category = amounts is not Amounts.Taken && random.Next(2) == 0 ? "reduced" : null;
        return offer.Having(terms => terms with { TaxCategory = category });
    }

    private PriceModel Model() => random.Next(10) switch
    {
        0 => new GraduatedPrice(Tiers()),
        1 => new VolumePrice(Tiers()),
        2 => new StairstepPrice([.. Tiers().Select(tier => tier with { UnitAmount = 0, FlatAmount = Price() * 5 })]),
        3 => new PackagePrice(random.Next(1, 90), Price(), One(PackageRounding.Up, PackageRounding.Down)),
        4 => new PercentagePrice(random.Next(1, 9), Price(), random.Next(0, 3), One<decimal?>(null, Price()), null, One<decimal?>(null, Price() * 50)),
        5 => new GraduatedPercentagePrice([new RateTier(Price() * 200, random.Next(1, 9), Price()), new RateTier(null, random.Next(1, 9), Price())]),
        6 => new DynamicPrice(null, amounts is Amounts.Cents ? Number(1, 300, 2) : random.Next(1, 9)),
        7 => new MatrixPrice(["region"], [new MatrixCell(["eu"], Price(4)), new MatrixCell(["us"], Price(4))], Price(4)),
        8 => new FlatPrice(Price()),
        _ => new PerUnitPrice(Price(4)),
    };

    private ImmutableArray<Tier> Tiers() =>
        [.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(1, 900)).Distinct().Order().Select(bound => (decimal?)bound).Append(null).Select(bound => new Tier(bound, Price(4), One(0m, Price())))];

    // Amounts of events are hundreds of millions where a percentage of them has to be whole millions.
    private decimal Value(string type) => type == "level" ? random.Next(1, 90) : amounts is Amounts.Cents ? Number(1, 90_000, 2) : random.Next(1, 300) * (_priced.Contains(type) ? 100m * Million : 1);

    private async Task CouponsAsync()
    {
        foreach (var (code, terms) in new[]
        {
            ("PERCENT", new CouponTerms { PercentOff = 10 * random.Next(1, 7), Duration = CouponDuration.Forever }),
            ("SEVERAL", new CouponTerms { PercentOff = 10 * random.Next(1, 7), Duration = CouponDuration.Repeating, DurationPeriods = random.Next(1, 3) }),
            ("AMOUNT", new CouponTerms { AmountOff = Money.Of(100_000m * random.Next(1, 900), Usd), Duration = CouponDuration.Forever }),
            ("TWICE", new CouponTerms { AmountOff = Money.Of(100_000m * random.Next(1, 900), Usd), Duration = CouponDuration.Repeating, DurationPeriods = 2 }),
            ("ONCE", new CouponTerms { AmountOff = Money.Of(100_000m * random.Next(1, 900), Usd), Duration = CouponDuration.Once }),
            ("CARRIED", new CouponTerms { AmountOff = Money.Of(100_000m * random.Next(1, 9_000), Usd), Duration = CouponDuration.Once, CarryOver = true }),
        })
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = code, Terms = terms }, Token);
        }
    }

    private async Task SubscribeAsync(int number)
    {
        var (country, start) = (One("DE", "CA", "US"), First + Duration.FromMinutes(random.Next(0, 20 * 24 * 60)));
        string[] coupons = [.. (amounts is Amounts.Taken ? ["PERCENT", "SEVERAL", "AMOUNT", "TWICE", "ONCE", "CARRIED"] : _isAdvance ? (string[])["PERCENT"] : ["PERCENT", "SEVERAL"]).Where(_ => random.Next(3) == 0)];
        var (grant, threshold) = (amounts is Amounts.Taken && random.Next(3) == 0 ? 100_000m * random.Next(1, 9_000) : 0, amounts is Amounts.Cents ? Number(1, 20_000, 2) : (decimal)Million * random.Next(1, 600));
        var anchor = amounts is Amounts.Cents ? One(BillingAnchor.Subscription, BillingAnchor.Calendar) : BillingAnchor.Subscription;
        Pairs.Add(($"early-{number}", $"late-{number}"));
        foreach (var customer in new[] { Pairs[^1].Early, Pairs[^1].Late })
        {
            await life.CustomerAsync(customer, with: item => item with { Country = country });
            if (grant > 0)
            {
                await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant(customer, Money.Of(grant, Usd)) { Category = CreditCategory.Promotional }, Token);
            }

            await life.SubscribeAsync(customer, "one", with => with with { StartAt = start, Anchor = anchor, Coupons = [.. coupons], UsageThreshold = customer == Pairs[^1].Early ? Money.Of(threshold, Usd) : null });
        }

        Told.Add($"{start}, {anchor}, threshold {threshold}, credit {grant}, coupons {string.Join(", ", coupons)}");
    }

    // Of late usage only where no coupon is used up by it otherwise.
    private async Task UseAsync((string Early, string Late) pair, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var (type, at) = (random.Next(6) == 0 && _levels.Count > 0 ? _levels[0] : One([.. _types]), life.Clock.Now - (amounts is Amounts.Taken ? Duration.Zero : Duration.FromMinutes(random.Next(0, 5 * 24 * 60))));
            var (value, region, id) = (Value(type), One("eu", "us", "mars"), string.Create(CultureInfo.InvariantCulture, $"{++_events}"));
            foreach (var customer in new[] { pair.Early, pair.Late })
            {
                await life.Billing.Usage.RecordAsync(life.Tenant, new UsageEvent { Id = $"{customer}-{id}", Type = type, Customer = customer, Timestamp = at, Properties = UsageProperties.Of(("value", value), ("region", region)) }, Token);
            }

            _used.Add(($"{pair.Early}-{id}", $"{pair.Late}-{id}"));
        }

        var mine = _used.FindAll(used => used.Early.StartsWith(pair.Early + "-", StringComparison.Ordinal));
        if (amounts is not Amounts.Taken && mine.Count > 0 && random.Next(8) == 0)
        {
            var wrong = One([.. mine]);
            _used.Remove(wrong);
            await life.Billing.Usage.VoidAsync(life.Tenant, wrong.Early, "wrong", cancellationToken: Token);
            await life.Billing.Usage.VoidAsync(life.Tenant, wrong.Late, "wrong", cancellationToken: Token);
        }
    }

    private async Task ChangeAsync(int number, SubscriptionChange change)
    {
        foreach (var customer in new[] { Pairs[number].Early, Pairs[number].Late })
        {
            var id = (await life.Billing.Customers.GetAsync(life.Tenant, customer, Token)).Id.ToString();
            var subscription = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery().With("customer_id", id), Token)).Items.Single();
            await RandomChanges.Refusable(() => life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), change, Token));
        }

        Told[number] += $"\n  {life.Clock.Now} {change}";
    }
}
