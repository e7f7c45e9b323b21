using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Folds a timeline into its prices: each for as long as it is in force.</summary>
internal static class PriceRuns
{
    public static List<PriceRun> Of(Timeline timeline, PlanVersions plans)
    {
        var runs = new List<PriceRun>();
        foreach (var (state, from, to) in Charged(timeline))
        {
            Add(runs, timeline, state, plans, from, to);
        }

        return runs;
    }

    /// <summary>The stretches of time in which the subscription is charged, each with its state.</summary>
    public static IEnumerable<(TimelineState State, Instant From, Instant To)> Charged(Timeline timeline)
    {
        var steps = timeline.Steps().ToList();
        for (var i = 0; i < steps.Count; i++)
        {
            var (from, to) = (Instant.Max(steps[i].From, timeline.BillingStartAt), i + 1 < steps.Count ? steps[i + 1].From : Instant.MaxValue);
            if (from < to && steps[i].State.IsCharged)
            {
                yield return (steps[i].State, from, to);
            }
        }
    }

    private static void Add(List<PriceRun> runs, Timeline timeline, TimelineState state, PlanVersions plans, Instant from, Instant to)
    {
        // Those of this state begin together, so that none goes on with another.
        var (before, periods) = (runs.Count, default(SchedulePeriods));
        foreach (var item in plans[state.Plan].Items)
        {
            var price = state.Prices.TryGetValue(item.Price.Code, out var terms) ? item.Price with { Terms = terms } : item.Price;
            periods = PeriodsOf(price, state.Zone, state.Origin, state.Anchor, periods);
            Add(runs, before, price, null, state.Quantities.GetValueOrDefault(price.Code, item.Quantity), periods, from, to);
        }

        // The same usage is charged once by a price, however often that is there.
        var metered = plans[state.Plan].Items.Where(item => item.Price.IsMetered).Select(item => item.Price.Id).ToHashSet();
        foreach (var added in state.AddOns.Where(added => !added.AddOn!.Price.IsMetered || metered.Add(added.AddOn.Price.Id)))
        {
            var addOn = added.AddOn!;
            var (origin, anchor) = addOn.OwnCycle ? (Instant.Max(added.At, timeline.BillingStartAt), BillingAnchor.Subscription) : (state.Origin, state.Anchor);
            Add(runs, before, addOn.Price, added.Number, addOn.Quantity, PeriodsOf(addOn.Price, state.Zone, origin, anchor), from, to);
        }
    }

    private static SchedulePeriods? PeriodsOf(Price price, DateTimeZone zone, Instant origin, BillingAnchor anchor, SchedulePeriods? last = null) =>
        price.Terms.Interval is not { } interval ? null : last?.Schedule.Interval == interval ? last : new SchedulePeriods(new BillingSchedule(zone, origin, anchor, interval));

    private static void Add(List<PriceRun> runs, int before, Price price, int? addOn, decimal quantity, SchedulePeriods? periods, Instant from, Instant to)
    {
        var found = 0;
        while (found < before && !runs[found].Continues(price, addOn, periods?.Schedule, from))
        {
            found++;
        }

        if (found == before)
        {
            // What is charged once is charged for the first time that it is in force only.
            if (periods is not null || !IsKnown(runs, price, addOn))
            {
                runs.Add(new PriceRun(price, addOn, periods, [new PricePart(from, to, quantity)]));
            }
        }
        else if (runs[found].Parts is var parts && parts[^1].Quantity == quantity)
        {
            parts[^1] = parts[^1] with { To = to };
        }
        else
        {
            parts.Add(new PricePart(from, to, quantity));
        }
    }

    private static bool IsKnown(List<PriceRun> runs, Price price, int? addOn) => runs.Exists(run => run.AddOn == addOn && run.Price.Id == price.Id);
}
