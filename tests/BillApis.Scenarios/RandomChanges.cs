using System.Collections.Immutable;
using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>What happens to subscriptions between two boundaries: changes of every kind, coupons, late usage and corrections of it, each random.</summary>
internal sealed class RandomChanges(Random random, RandomDates dates, IReadOnlyList<RandomLife> catalogues)
{
    private readonly Random _random = random;
    private readonly RandomOffers _any = new(random, 0);

    /// <summary>A change that may be asked for, whether or not the subscription allows it.</summary>
    public SubscriptionChange Of(Subscription subscription, Instant now)
    {
        var catalogue = CatalogueOf(subscription);
        var (plan, state) = (catalogue.Plans.Find(item => item.Id == subscription.PlanAt(now).Plan)!, subscription.Timeline.StateAt(now));
        var scheduled = subscription.Timeline.InEffect.Where(entry => entry.At > now).Select(entry => entry.Number).ToList();
        SubscriptionChange change = _random.Next(16) switch
        {
            0 or 1 or 2 => new ChangePlan(catalogue.Plans.Find(item => item != plan)!.Code) { Anchor = _random.Next(6) == 0 ? BillingAnchor.Calendar : null },
            3 => new ChangePlan(plan.Code) { Version = _random.Next(1, 3) },
            4 or 5 => new ChangeQuantities(Fixed(plan, price => KeyValuePair.Create(price.Code, (decimal)_random.Next(0, 30)))),
            6 => new ChangePrices(Fixed(plan, price => KeyValuePair.Create(price.Code, price.Terms with { Model = price.Terms.Model is FlatPrice ? new FlatPrice(_any.Decimal(0, 9_000, 2)) : new PerUnitPrice(_any.Decimal(0, 9_000, 3)) }))),
            7 or 8 => new AddAddOn(_any.One([.. catalogue.AddOns]).Code, _random.Next(0, 5), _random.Next(2) == 0),
            9 => new RemoveAddOn(state.AddOns.IsEmpty ? "none" : state.AddOns[0].Number.ToString(CultureInfo.InvariantCulture)),
            10 => state.PausedAt is null ? new Pause { ResumeAt = _random.Next(2) == 0 ? dates.Between(now, now + Duration.FromDays(30), _random) : null } : new Resume(),
            11 => state.Causes.IsEmpty ? new Suspend(SuspensionCause.Manual) : new Resume(),
            12 => state.EndedAt is null ? new Cancel() : new Reactivate { EndAt = _random.Next(2) == 0 ? now + Duration.FromDays(30) : null },
            13 => new Renew(_random.Next(2) == 0 ? dates.Between(now, now + Duration.FromDays(42), _random) : null),
            14 => new ChangeZone(DateTimeZoneProviders.Tzdb[_any.One("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York")]),
            _ => scheduled.Count > 0 ? new Withdraw(scheduled[_random.Next(scheduled.Count)]) : new Reactivate(),
        };
        return change is Withdraw or RemoveAddOn { AddOn: "none" } ? change : Timed(change, subscription, now);
    }

    /// <summary>What else happens: a coupon that comes or goes, usage of the days before, and usage that is taken back.</summary>
    public async Task ElseAsync(Scenario life, Subscription subscription)
    {
        var catalogue = CatalogueOf(subscription);
        await catalogue.UseAsync(life, subscription.Customer.ToString(), subscription.Id, new Interval(life.Clock.Now - Duration.FromDays(_random.Next(0, 45)), life.Clock.Now), 3);
        if (catalogue.Events.Count > 0 && _random.Next(3) == 0)
        {
            var place = _random.Next(catalogue.Events.Count);
            await life.Billing.Usage.VoidAsync(life.Tenant, catalogue.Events[place], "random");
            catalogue.Events.RemoveAt(place);
        }

        var coupon = _any.One([.. catalogue.Coupons]);
        await Refusable(() => _random.Next(4) > 0 ? life.Billing.Subscriptions.AddCouponAsync(life.Tenant, subscription.Id.ToString(), coupon) : life.Billing.Subscriptions.RemoveCouponAsync(life.Tenant, subscription.Id.ToString(), coupon));
    }

    /// <summary>What something comes to, or in which words it is refused.</summary>
    public static async Task<(T? Result, string? Refusal)> Refusable<T>(Func<Task<T>> act) where T : class
    {
        try
        {
            return (await act(), null);
        }
        catch (BillingException exception)
        {
            return (null, exception.Message);
        }
    }

    private RandomLife CatalogueOf(Subscription subscription) => catalogues.First(item => item.Plans.Exists(plan => plan.Id == subscription.Plan));

    private SubscriptionChange Timed(SubscriptionChange change, Subscription subscription, Instant now)
    {
        var earliest = Instant.Max(subscription.BilledUntil ?? subscription.Timeline.StartAt, subscription.Timeline.StartAt);
        var proration = _any.One<ChangeProration?>(null, null, ChangeProration.Prorate, ChangeProration.None, ChangeProration.Full);
        return _random.Next(8) switch
        {
            0 => change with { At = dates.Between(now, now + Duration.FromDays(42), _random), Proration = proration },
            1 when earliest < now => change with { At = dates.Between(earliest, now, _random), Proration = proration },
            2 or 3 => change with { When = ChangeWhen.PeriodEnd, Proration = proration },
            4 => change with { When = ChangeWhen.Immediate, Proration = proration },
            5 => change,
            _ => change with { Proration = proration },
        };
    }

    private ImmutableSortedDictionary<string, TValue> Fixed<TValue>(Plan plan, Func<Price, KeyValuePair<string, TValue>> of) =>
        plan.Latest.Items.Select(item => item.Price).Where(price => price.Metric is null && _random.Next(2) == 0).Select(of).ToImmutableSortedDictionary(StringComparer.Ordinal);
}
