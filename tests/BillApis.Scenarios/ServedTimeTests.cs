using System.Collections.Immutable;
using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>Whatever happens to subscriptions whose changes are prorated, and whenever it is told, all bills of a month come to what was had in it: each price in its quantity for its seconds, but for a cent a line.</summary>
public sealed class ServedTimeTests(Databases databases) : LifeTests(databases)
{
    private static readonly Instant First = Instant.FromUtc(2026, 3, 1, 0, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_SERVED_CASES=500</c> lives so many subscriptions; <c>BILLAPIS_SERVED_SEED</c> repeats a run.</summary>
    [Fact]
    public async Task A_month_costs_what_was_had_in_it()
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
        await life.CustomerAsync();
        Offer Some(Offer offer) => (random.Next(4) == 0 ? offer.Having(terms => terms with { Timing = BillingTiming.InArrears }) : offer) with { Product = "all" };
        await life.PlanAsync("basic", Some(Offer.Fee("small", 100)), Some(Offer.Seats("seat", 50, 2)));
        await life.PlanAsync("pro", Some(Offer.Fee("large", 300)), Some(Offer.Seats("chair", 70, 3)));
        await life.PlanAsync("more", Some(Offer.Seats("extra", 90)));
        await life.SubscribeAsync("acme", random.Next(2) == 0 ? "basic" : "pro", with => with with { Anchor = BillingAnchor.Calendar, StartAt = First + Duration.FromHours(random.Next(0, 200)), EndAt = random.Next(2) == 0 ? First + Duration.FromHours(random.Next(300, 1_500)) : null });
        var (now, told) = (First, new List<string>());
        for (var left = random.Next(1, 9); left > 0; left--)
        {
            now = (random.Next(5), await SubscriptionOfAsync(life)) is (0, { Timeline: { } timeline }) && timeline.ChangesAfter(now) is { } next && next < now + Duration.FromDays(30) ? next : now + Duration.FromMinutes(random.Next(1, 12_000));
            await life.GoToAsync(Day.Write(now));
            var change = Timed(random, Change(random, now), now);
            try
            {
                await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), change, Token);
                told.Add($"{Day.Write(now)}: {change}");
            }
            catch (BillingException)
            {
                // What is not allowed then is not done.
            }
        }

        await life.GoToAsync(Day.Write(now + Duration.FromDays(70)));
        var subscription = await SubscriptionOfAsync(life);
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList();
        for (var month = First.InUtc().Date; month.AtMidnight().InUtc().ToInstant() <= now + Duration.FromDays(30); month = month.PlusMonths(1))
        {
            var whole = new Interval(month.AtMidnight().InUtc().ToInstant(), month.PlusMonths(1).AtMidnight().InUtc().ToInstant());
            var billed = lines.FindAll(line => whole.Contains(line.Period!.Value.Start));
            var had = await HadAsync(life, subscription, whole);
            Math.Abs(billed.Sum(line => line.Amount.Amount) - had).ShouldBeLessThanOrEqualTo(0.01m * billed.Count, $"{what}, {month}: {had}\n{string.Join('\n', told)}\n{await life.BillsAsync("acme")}");
        }

        await BilledLives.ProveAsync(life);
        return told.Count;
    }

    private static SubscriptionChange Change(Random random, Instant now) => random.Next(12) switch
    {
        0 or 1 => new ChangePlan(random.Next(2) == 0 ? "basic" : "pro"),
        2 or 3 => new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add(random.Next(2) == 0 ? "seat" : "chair", random.Next(0, 6))),
        4 => new Pause { ResumeAt = random.Next(2) == 0 ? now + Duration.FromMinutes(random.Next(1, 40_000)) : null },
        5 => new Resume(),
        6 => new Cancel(),
        7 or 8 => new Reactivate { EndAt = random.Next(2) == 0 ? now + Duration.FromMinutes(random.Next(1, 60_000)) : null },
        9 => new AddAddOn("extra", random.Next(1, 4), OwnCycle: false),
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
    private static async Task<decimal> HadAsync(Scenario life, Subscription subscription, Interval month)
    {
        var (sum, from) = (0m, Instant.Max(month.Start, subscription.Timeline.StartAt));
        while (from < month.End)
        {
            var to = Instant.Min(month.End, subscription.Timeline.ChangesAfter(from) ?? month.End);
            var state = subscription.Timeline.StateAt(from);
            if (state.IsCharged)
            {
                var plan = (state.Plan ?? new PlanRef(subscription.Plan, subscription.PlanVersion)).Plan;
                var items = (await life.Billing.Plans.GetAsync(life.Tenant, plan.ToString(), Token)).Latest.Items;
                var asked = items.Sum(item => Asked(item.Price.Terms.Model, state.Quantities.GetValueOrDefault(item.Price.Code, item.Quantity))) + state.AddOns.Sum(added => Asked(added.AddOn!.Price.Terms.Model, added.AddOn.Quantity));
                sum += asked * (decimal)(to - from).TotalSeconds / (decimal)month.Duration.TotalSeconds;
            }

            from = to;
        }

        return sum;
    }

    private static decimal Asked(PriceModel model, decimal quantity) => model is FlatPrice flat ? flat.Amount : ((PerUnitPrice)model).UnitAmount * quantity;
}
