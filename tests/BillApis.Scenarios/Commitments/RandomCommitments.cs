using System.Collections.Immutable;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Scenarios.Commitments;

/// <summary>Random plans with minimums, maximums and commitments, and subscriptions to them that are changed, paused, ended and charged for late usage; what happens is told to the engine and written down as facts.</summary>
internal sealed class RandomCommitments(Random random, Scenario life)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly DateTime First = new(2026, 1, 1);
    private static readonly DateTime Last = new(2026, 5, 21, 7, 7, 7);
    private readonly Dictionary<string, (string Subscription, DateTime BusyUntil)> _subscriptions = [];
    private readonly List<SoldPlan> _plans = [];
    private int _events;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public List<Facts> Facts { get; } = [];

    /// <summary>Those that redeemed a coupon.</summary>
    public HashSet<string> Discounted { get; } = [];

    /// <summary>All that was used after its period had been billed, or taken back.</summary>
    public int Late { get; private set; }

    public async Task LiveAsync(int subscriptions)
    {
        await PlansAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "PART", Terms = new CouponTerms { PercentOff = Number(1, 9_000, 2), Duration = CouponDuration.Forever } }, Token);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = One(LateUsagePolicy.Adjust, LateUsagePolicy.CreditMemo, LateUsagePolicy.Invoice), ZeroInvoices = One(ZeroInvoices.Issue, ZeroInvoices.Skip) }, Token);
        var (starts, stops) = (new[] { Any(), Any(), Any() }, Enumerable.Range(0, 12).Select(_ => Any()).Append(Last).Order().ToList());
        for (var i = 0; i < subscriptions; i++)
        {
            await SubscribeAsync(string.Create(CultureInfo.InvariantCulture, $"customer-{i}"), starts[random.Next(3)]);
        }

        // At the last stop everything ends, so that nothing else does anything then.
        foreach (var stop in stops.SkipLast(1).Where(stop => stop > life.Clock.Now.ToDateTimeUtc()))
        {
            await life.GoToAsync(stop.ToString("s", CultureInfo.InvariantCulture));
            foreach (var facts in Facts.Where(facts => facts.Start < stop && random.Next(3) == 0))
            {
                await SomethingAsync(facts, stop, stops[random.Next(stops.Count - 1)]);
            }

            await life.RunAsync();
        }

        await life.GoToAsync(Last.ToString("s", CultureInfo.InvariantCulture));
        foreach (var facts in Facts.Where(facts => !facts.Happened.Exists(item => item.Turn is Turn.End && item.At <= Last)))
        {
            await ChangeAsync(facts, new Cancel { When = ChangeWhen.Immediate }, new Happened(Last, Last, Turn.End));
        }

        await life.RunAsync();
    }

    // Any second of the first four months, now and then a midnight, or that of a month's first day.
    private DateTime Any()
    {
        var at = First.AddSeconds(random.Next(0, 119 * 86_400));
        return random.Next(5) switch { 0 => at.Date, 1 => new DateTime(at.Year, at.Month, 1), _ => at };
    }

    private T One<T>(params ReadOnlySpan<T> of) => of[random.Next(of.Length)];

    private decimal Number(int least, int most, byte scale) => new(random.Next(least, most + 1), 0, 0, false, scale);

    private Share Shared() => One(Share.Seconds, Share.Days);

    private async Task PlansAsync()
    {
        Cycle[] cycles = [new(1, 0), One(new Cycle(1, 0), new Cycle(3, 0), new Cycle(0, 10), new Cycle(0, 7))];
        SoldPrice[] shared = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => Price($"shared-{i}", cycles))];
        for (var i = 0; i < 2; i++)
        {
            SoldPrice[] own = [.. Enumerable.Range(0, random.Next(0, 3)).Select(n => Price($"own-{i}-{n}", cycles))];
            var plan = new SoldPlan($"plan-{i}", [.. shared.Where(price => i == 0 || random.Next(2) == 0), .. own, Price($"always-{i}", cycles)], random.Next(3) > 0 ? Commitment(cycles) : null);
            _plans.Add(plan);
            await life.PlanAsync(plan.Code, [.. plan.Prices.Select(Offered)]);
            await life.Billing.Plans.AddVersionAsync(life.Tenant, plan.Code, Token);
            await life.Billing.Plans.UpdateAsync(life.Tenant, plan.Code, sold => sold.WithDraft(draft => draft with { Commitment = Asked(plan.Commitment) }), Token);
            await life.Billing.Plans.PublishAsync(life.Tenant, plan.Code, Token);
        }
    }

    private SoldPrice Price(string code, Cycle[] cycles)
    {
        var cycle = One(cycles);
        return random.Next(5) switch
        {
            0 => new SoldPrice(code, random.Next(4) == 0 ? default : cycle, Shared(), Number(100, 9_000, 2)) { InAdvance = true },
            1 => new SoldPrice(code, cycle, Shared(), Number(100, 9_000, 3)) { InAdvance = random.Next(2) == 0, Quantity = random.Next(0, 9) },
            2 => new SoldPrice(code, cycle, One(Share.Seconds, Share.Days, Share.Whole), Number(0, 9_000, 2)) { Quantity = One(1, 1, random.Next(0, 9)) },
            _ => Usage(code, cycle),
        };
    }

    private SoldPrice Usage(string code, Cycle cycle)
    {
        var price = new SoldPrice(code, cycle, One(Share.Seconds, Share.Days, Share.Whole), Number(0, 90_000, 5))
        {
            IsUsage = true, Quantity = 0, Least = random.Next(3) == 0 ? Number(1, 9_000, 2) : null, Most = random.Next(3) == 0 ? Number(9_000, 30_000, 2) : null,
        };
        return random.Next(3) switch
        {
            0 => price with { Bound = Number(1, 900, 1), Above = Number(0, 90_000, 5), Fee = Number(0, 500, 2) },
            1 => price with { Package = Number(1, 90, 0), Unit = Number(0, 500, 2) },
            _ => price,
        };
    }

    private SoldCommitment Commitment(Cycle[] cycles) =>
        new(Number(1, 20_000, 2), random.Next(4) == 0 ? One(cycles[1], new Cycle(3, 0), new Cycle(12, 0)) : new Cycle(1, 0), One(Share.Seconds, Share.Days, Share.Whole));

    private static BillingInterval? Every(Cycle cycle) => cycle.IsOnce ? null : cycle.Months switch
    {
        0 => new BillingInterval(IntervalUnit.Day, cycle.Days),
        3 => new BillingInterval(IntervalUnit.Quarter, 1),
        12 => new BillingInterval(IntervalUnit.Year, 1),
        var months => new BillingInterval(IntervalUnit.Month, months),
    };

    private static Proration Measured(Share share) => share switch { Share.Seconds => Proration.BySecond, Share.Days => Proration.ByDay, _ => Proration.None };

    private static MinimumCommitment? Asked(SoldCommitment? sold) => sold is null ? null : new MinimumCommitment(Money.Of(sold.Amount, Usd), Every(sold.Cycle)!.Value, Measured(sold.Share));

    private static Offer Offered(SoldPrice price)
    {
        PriceModel model = price.Package is { } size ? new PackagePrice(size, price.Unit)
            : price.Bound is { } bound ? new GraduatedPrice([new Tier(bound, price.Unit, 0), new Tier(null, price.Above, price.Fee)])
            : price.IsUsage || price.Quantity != 1 ? new PerUnitPrice(price.Unit) : new FlatPrice(price.Unit);
        var offer = price.IsUsage ? Offer.Usage(price.Code, price.Code, model) : new Offer(price.Code, model) { Quantity = price.Quantity };
        return offer.Having(terms => terms with
        {
            Interval = Every(price.Cycle), Timing = price.InAdvance ? BillingTiming.InAdvance : BillingTiming.InArrears, Proration = Measured(price.Share), MinimumAmount = price.Least, MaximumAmount = price.Most,
        });
    }

    private async Task SubscribeAsync(string customer, DateTime start)
    {
        await life.CustomerAsync(customer);
        var isMonthly = _plans.TrueForAll(plan => plan.Prices.All(price => price.Cycle.Days == 0) && plan.Commitment is not { Cycle.Days: > 0 });
        var (plan, own) = (One([.. _plans]), random.Next(3) == 0 ? Commitment([new(1, 0), new(3, 0)]) : null);
        var facts = new Facts(customer, start, isMonthly && random.Next(2) == 0, plan, own);
        if (random.Next(4) == 0)
        {
            facts.Happened.Add(new Happened(random.Next(3) == 0 ? start.AddMonths(3) : start.AddSeconds(random.Next(86_400, 100 * 86_400)), DateTime.MinValue, Turn.End));
        }

        if (random.Next(4) == 0)
        {
            Discounted.Add(customer);
        }

        var made = await life.SubscribeAsync(customer, plan.Code, with => with with
        {
            StartAt = At(start), Anchor = facts.IsCalendar ? BillingAnchor.Calendar : BillingAnchor.Subscription, Commitment = Asked(own), Coupons = Discounted.Contains(customer) ? ["PART"] : [],
            EndAt = facts.Happened.Count > 0 ? At(facts.Happened[0].At) : null, UsageThreshold = random.Next(3) == 0 ? Money.Of(Number(1, 9_000, 2), Usd) : null,
        });
        _subscriptions[customer] = (made.Id.ToString(), start);
        Facts.Add(facts);
        await UseAsync(facts, start, Last, random.Next(0, 25));
    }

    private static Instant At(DateTime at) => Instant.FromDateTimeUtc(DateTime.SpecifyKind(at, DateTimeKind.Utc));

    private async Task UseAsync(Facts facts, DateTime from, DateTime to, int times)
    {
        string[] metered = [.. _plans.SelectMany(plan => plan.Prices).Where(price => price.IsUsage).Select(price => price.Code).Distinct()];
        for (var i = 0; i < times && metered.Length > 0; i++)
        {
            var (code, at, units) = (One(metered), from.AddSeconds(random.NextInt64(0, (to - from).Ticks / TimeSpan.TicksPerSecond)), Number(0, 4_000, 1));
            var id = string.Create(CultureInfo.InvariantCulture, $"used-{++_events}");
            await life.Billing.Usage.RecordAsync(life.Tenant, new UsageEvent { Id = id, Type = code, Customer = facts.Customer, Timestamp = At(at), Properties = UsageProperties.Of(("value", units)) }, Token);
            facts.Used[id] = (code, at, units);
        }
    }

    private async Task SomethingAsync(Facts facts, DateTime now, DateTime other)
    {
        if (random.Next(2) == 0)
        {
            Late++;
            await UseAsync(facts, facts.Start, now, 1);
            if (facts.Used.Count > 0 && random.Next(2) == 0)
            {
                var id = One([.. facts.Used.Keys]);
                await life.Billing.Usage.VoidAsync(life.Tenant, id, "wrong", cancellationToken: Token);
                facts.Used.Remove(id);
            }
        }

        if (_subscriptions[facts.Customer].BusyUntil >= now || facts.Happened.Exists(item => item.Turn is Turn.End && item.At <= now))
        {
            return;
        }

        // What is ahead is known by then; an end that comes before it takes its place.
        var at = other > now && random.Next(3) == 0 && !facts.Happened.Exists(item => item.Turn is Turn.End && item.At <= other) ? other : now;
        var current = facts.Happened.FindLast(item => item.Turn is Turn.Plan)?.Plan ?? facts.Plan;
        var isPaused = facts.Happened.FindLast(item => item.Turn is Turn.Pause or Turn.Resume)?.Turn is Turn.Pause;
        if (isPaused)
        {
            await ChangeAsync(facts, new Resume { At = At(at) }, new Happened(at, now, Turn.Resume));
            return;
        }

        await (random.Next(6) switch
        {
            0 or 1 => PlanAsync(facts, _plans.First(plan => plan != current), at, now),
            2 or 3 => QuantityAsync(facts, current, at, now),
            4 => PauseAsync(facts, at, now),
            _ => ChangeAsync(facts, new Cancel { At = At(at) }, new Happened(at, now, Turn.End)),
        });
    }

    private Task PlanAsync(Facts facts, SoldPlan plan, DateTime at, DateTime now) => ChangeAsync(facts, new ChangePlan(plan.Code) { At = At(at) }, new Happened(at, now, Turn.Plan) { Plan = plan });

    private Task QuantityAsync(Facts facts, SoldPlan plan, DateTime at, DateTime now)
    {
        if (plan.Prices.FirstOrDefault(price => !price.IsUsage && price.Quantity != 1 && !price.Cycle.IsOnce) is not { } seats)
        {
            return Task.CompletedTask;
        }

        var quantity = random.Next(2, 12);
        return ChangeAsync(facts, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add(seats.Code, quantity)) { At = At(at) }, new Happened(at, now, Turn.Quantity) { Price = seats.Code, Quantity = quantity });
    }

    private Task PauseAsync(Facts facts, DateTime at, DateTime now)
    {
        var resume = random.Next(2) == 0 ? at.AddSeconds(random.Next(1, 40 * 86_400)) : (DateTime?)null;
        return ChangeAsync(facts, new Pause { At = At(at), ResumeAt = resume is { } then ? At(then) : null }, [new Happened(at, now, Turn.Pause), .. resume is { } until ? [new Happened(until, now, Turn.Resume)] : Array.Empty<Happened>()]);
    }

    private async Task ChangeAsync(Facts facts, SubscriptionChange change, params Happened[] happened)
    {
        var (subscription, _) = _subscriptions[facts.Customer];
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, change, Token);
        facts.Happened.AddRange(happened);
        _subscriptions[facts.Customer] = (subscription, happened[^1].At);
    }
}
