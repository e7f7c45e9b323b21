using System.Collections.Immutable;
using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>Whatever happens to subscriptions whose changes are prorated, and whenever it is told, all bills come to what was had: each price in its quantity for its part of each period, by the second or the day, but for a cent a line.</summary>
public sealed class ServedTimeTests(Databases databases) : LifeTests(databases)
{
    private static readonly Instant First = Instant.FromUtc(2026, 3, 1, 0, 0);

    private static readonly DateTimeZone[] Zones = [DateTimeZone.Utc, Berlin, DateTimeZoneProviders.Tzdb["America/New_York"], DateTimeZoneProviders.Tzdb["Asia/Kolkata"]];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_SERVED_CASES=500</c> lives so many subscriptions; <c>BILLAPIS_SERVED_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task All_bills_come_to_what_was_had()
    {
        var (seed, changes) = (Setting("BILLAPIS_SERVED_SEED", 20261127), 0);
        for (var number = 0; number < Setting("BILLAPIS_SERVED_CASES", 16); number++)
        {
            changes += await LiveAsync(new Random(seed + number), $"seed {seed + number}");
        }

        changes.ShouldBeGreaterThan(0);
    }

    // How many changes took place.
    private async Task<int> LiveAsync(Random random, string what)
    {
        await using var life = await StartAsync("sqlite", "2026-03-01");
        // Of two zones' days, those of one period are not always as many as its own.
        var moves = random.Next(2) == 0;
        Offer Some(Offer offer) => offer.Having(terms => terms with
        {
            Timing = random.Next(4) == 0 ? BillingTiming.InArrears : terms.Timing,
            Proration = !moves && random.Next(2) == 0 ? Proration.ByDay : Proration.BySecond,
            Interval = random.Next(3) == 0 ? new BillingInterval((IntervalUnit)random.Next((int)IntervalUnit.Week, (int)IntervalUnit.Year + 1), 1) : terms.Interval,
        }) with { Product = "all" };
        await life.CustomerAsync(with: customer => customer with { Zone = Zones[random.Next(Zones.Length)] });
        await life.PlanAsync("basic", Some(Offer.Fee("small", 100)), Some(Offer.Seats("seat", 50, 2)));
        await life.PlanAsync("pro", Some(Offer.Fee("large", 300)), Some(Offer.Seats("chair", 70, 3)));
        await life.PlanAsync("more", Some(Offer.Seats("extra", 90)));
        await life.SubscribeAsync("acme", random.Next(2) == 0 ? "basic" : "pro", with => with with { Anchor = random.Next(2) == 0 ? BillingAnchor.Calendar : BillingAnchor.Subscription, StartAt = First + Duration.FromHours(random.Next(0, 200)), EndAt = random.Next(2) == 0 ? First + Duration.FromHours(random.Next(300, 1_500)) : null });
        var (now, told) = (First, new List<string>());
        for (var left = random.Next(1, 9); left > 0; left--)
        {
            now = (random.Next(5), await SubscriptionOfAsync(life)) is (0, { Timeline: { } timeline }) && timeline.ChangesAfter(now) is { } next && next < now + Duration.FromDays(30) ? next : now + Duration.FromMinutes(random.Next(1, 12_000));
            var change = Timed(random, Change(random, now, moves), now);
            try
            {
                await ChangeOnAsync(life, Day.Write(now), change);
                told.Add($"{Day.Write(now)}: {change}");
            }
            catch (BillingException)
            {
                // What is not allowed then is not done.
            }
        }

        // What is paid ahead comes back with the end.
        await life.GoToAsync(Day.Write(now + Duration.FromDays(70)));
        if ((await SubscriptionOfAsync(life)).Timeline.StateAt(life.Clock.Now).IsCharged)
        {
            await ChangeOnAsync(life, Day.Write(life.Clock.Now), new Cancel { When = ChangeWhen.Immediate });
        }

        await life.RunAsync();
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList();
        var had = await HadAsync(life, await SubscriptionOfAsync(life));

        // A month whose clocks change has an hour more or less in another zone; what was paid for it goes on by its own hours.
        var hours = (await SubscriptionOfAsync(life)).Timeline.Entries.Count(entry => entry.Kind is TimelineKind.ZoneChanged);
        Math.Abs(lines.Sum(line => line.Amount.Amount) - had).ShouldBeLessThanOrEqualTo((0.01m * lines.Count) + (1.50m * hours), $"{what}: {had}\n{string.Join('\n', told)}\n{await life.BillsAsync("acme")}");
        await BilledLives.ProveAsync(life);
        return told.Count;
    }

    private static SubscriptionChange Change(Random random, Instant now, bool moves) => random.Next(moves ? 13 : 12) switch
    {
        0 or 1 => new ChangePlan(random.Next(2) == 0 ? "basic" : "pro"),
        2 or 3 => new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add(random.Next(2) == 0 ? "seat" : "chair", random.Next(0, 6))),
        4 => new Pause { ResumeAt = random.Next(2) == 0 ? now + Duration.FromMinutes(random.Next(1, 40_000)) : null },
        5 => new Resume(),
        6 => new Cancel(),
        7 or 8 => new Reactivate { EndAt = random.Next(2) == 0 ? now + Duration.FromMinutes(random.Next(1, 60_000)) : null },
        12 => new ChangeZone(Zones[random.Next(Zones.Length)]),
        9 => new AddAddOn("extra", random.Next(1, 4), random.Next(2) == 0),
        10 => new RemoveAddOn(random.Next(1, 6).ToString(CultureInfo.InvariantCulture)),
        _ => new Renew(random.Next(3) == 0 ? null : now + Duration.FromMinutes(random.Next(1, 60_000))),
    };

    private static SubscriptionChange Timed(Random random, SubscriptionChange change, Instant now) => random.Next(5) switch
    {
        0 => change with { At = now + Duration.FromMinutes(random.Next(1, 40_000)), Proration = ChangeProration.Prorate },
        1 => change with { At = now - Duration.FromMinutes(random.Next(1, 15_000)), Proration = ChangeProration.Prorate },
        2 when change is not Renew => change with { When = ChangeWhen.PeriodEnd, Proration = ChangeProration.Prorate },
        _ => change with { When = ChangeWhen.Immediate, Proration = ChangeProration.Prorate },
    };

    private static async Task<Subscription> SubscriptionOfAsync(Scenario life) => await life.Billing.Subscriptions.GetAsync(life.Tenant, await SubscriptionAsync(life), Token);

    // From one instant at which something takes effect to the next, as the timeline is known in the end.
    private static async Task<decimal> HadAsync(Scenario life, Subscription subscription)
    {
        var (sum, timeline) = (0m, subscription.Timeline);
        for (Instant? from = timeline.StartAt; from is { } start && start < life.Clock.Now; from = timeline.ChangesAfter(start))
        {
            var (state, time) = (timeline.StateAt(start), new Interval(start, Instant.Min(life.Clock.Now, timeline.ChangesAfter(start) ?? Instant.MaxValue)));
            if (state.IsCharged)
            {
                var plan = (state.Plan ?? new PlanRef(subscription.Plan, subscription.PlanVersion)).Plan;
                var items = (await life.Billing.Plans.GetAsync(life.Tenant, plan.ToString(), Token)).Latest.Items;
                sum += items.Sum(item => Asked(item.Price.Terms, state.Quantities.GetValueOrDefault(item.Price.Code, item.Quantity), state.Zone, state.Origin, state.Anchor, time))
                    + state.AddOns.Sum(added => added.AddOn!.OwnCycle ? Asked(added.AddOn.Price.Terms, added.AddOn.Quantity, state.Zone, Instant.Max(added.At, timeline.StartAt), BillingAnchor.Subscription, time) : Asked(added.AddOn.Price.Terms, added.AddOn.Quantity, state.Zone, state.Origin, state.Anchor, time));
            }
        }

        return sum;
    }

    // The part that the time is of each period that it touches.
    private static decimal Asked(PriceTerms terms, decimal quantity, DateTimeZone zone, Instant origin, BillingAnchor anchor, Interval time)
    {
        var (schedule, whole, sum) = (new BillingSchedule(zone, origin, anchor, terms.Interval!.Value), terms.Model is FlatPrice flat ? flat.Amount : ((PerUnitPrice)terms.Model).UnitAmount * quantity, 0m);
        for (var index = schedule.IndexAt(time.Start); schedule.PeriodAt(index) is var period && period.Start < time.End; index++)
        {
            var (start, end) = (Instant.Max(period.Start, time.Start), Instant.Min(period.End, time.End));
            sum += whole * (terms.Proration is Proration.ByDay ? Days(start, end) / Days(period.FullStart, period.FullEnd) : (decimal)(end - start).TotalSeconds / (decimal)(period.FullEnd - period.FullStart).TotalSeconds);
        }

        return sum;

        decimal Days(Instant from, Instant to) => Period.DaysBetween(from.InZone(zone).Date, to.InZone(zone).Date);
    }
}
