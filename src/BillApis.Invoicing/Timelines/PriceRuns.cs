using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Folds a timeline into its prices: each for as long as it is in force.</summary>
internal static class PriceRuns
{
    public static List<PriceRun> Of(Timeline timeline, PlanVersions plans)
    {
        var (runs, open) = (new List<PriceRun>(), new List<PriceRun>());
        foreach (var (state, from, to) in Stretches(timeline))
        {
            open = state.IsCharged ? Add(runs, open, Charged(timeline, state, plans, from, to)) : [];
        }

        PayOnce(runs);
        return runs;
    }

    // Each in arrears is paid for by one that ended before, as one line in advance pays for one, whatever its terms are by then.
    private static void PayOnce(List<PriceRun> runs)
    {
        if (runs.TrueForAll(run => run.To == Instant.MaxValue))
        {
            return;
        }

        var ended = new List<PriceRun>();
        foreach (var i in Enumerable.Range(0, runs.Count).Where(i => !runs[i].IsAdvance).OrderBy(i => runs[i].From).ToList())
        {
            var before = ended.FindAll(run => run.To <= runs[i].From && run.Price.Id == runs[i].Price.Id && run.AddOn is null == runs[i].AddOn is null).MaxBy(run => run.PaysUntil);
            runs[i] = before is not null && ended.Remove(before) ? runs[i] with { PaidUntil = before.PaysUntil } : runs[i];
            ended.Add(runs[i]);
        }
    }

    /// <summary>The stretches of time with one state; among them, without any duration, what was taken back at the very instant at which it took effect, after that had been billed.</summary>
    public static IEnumerable<(TimelineState State, Instant From, Instant To)> Stretches(Timeline timeline)
    {
        var steps = timeline.Steps().ToList();
        for (var i = 0; i < steps.Count; i++)
        {
            var (from, to) = (Instant.Max(steps[i].From, timeline.BillingStartAt), i + 1 < steps.Count ? steps[i + 1].From : Instant.MaxValue);
            if (from < to || (from == to && steps[i + 1].IsNews))
            {
                yield return (steps[i].State, from, to);
            }
        }
    }

    // Those of one state begin together, so that none goes on with another. Answers what may go on after it: what stood for an instant only charges nothing, but ends what it did not go on with.
    private static List<PriceRun> Add(List<PriceRun> runs, List<PriceRun> open, IEnumerable<PriceRun> charged)
    {
        var goingOn = new List<PriceRun>();
        foreach (var run in charged)
        {
            var found = open.Find(before => before.Continues(run.Price, run.AddOn, run.Schedule, run.From) && !goingOn.Exists(other => ReferenceEquals(other, before)));
            if (run.From < run.To)
            {
                found = found is null ? Begun(runs, run) : found.GoOn(run.Parts[0]);
            }

            if (found is not null)
            {
                goingOn.Add(found);
            }
        }

        return goingOn;
    }

    // What is charged once is charged for the first time that it is in force only.
    private static PriceRun? Begun(List<PriceRun> runs, PriceRun run)
    {
        if (run.Periods is null && runs.Exists(known => known.AddOn == run.AddOn && known.Price.Id == run.Price.Id))
        {
            return null;
        }

        runs.Add(run.After(runs).GoingOn(runs));
        return runs[^1];
    }

    private static IEnumerable<PriceRun> Charged(Timeline timeline, TimelineState state, PlanVersions plans, Instant from, Instant to)
    {
        var (periods, paid) = (default(SchedulePeriods), PaidTo(timeline, state, to));
        foreach (var item in plans[state.Plan].Items)
        {
            var price = state.Prices.TryGetValue(item.Price.Code, out var terms) ? item.Price with { Terms = terms } : item.Price;
            periods = PeriodsOf(price, state.Zone, state.Origin, state.Anchor, periods);
            yield return new PriceRun(price, null, periods, [new PricePart(from, to, state.Quantities.GetValueOrDefault(price.Code, item.Quantity), paid)]);
        }

        // The same usage is charged once by a price, however often that is there.
        var metered = plans[state.Plan].Items.Where(item => item.Price.IsMetered).Select(item => item.Price.Id).ToHashSet();
        foreach (var added in state.AddOns.Where(added => !added.AddOn!.Price.IsMetered || metered.Add(added.AddOn.Price.Id)))
        {
            var addOn = added.AddOn!;
            var (origin, anchor) = addOn.OwnCycle ? (Instant.Max(added.At, timeline.BillingStartAt), BillingAnchor.Subscription) : (state.Origin, state.Anchor);
            yield return new PriceRun(addOn.Price, added.Number, PeriodsOf(addOn.Price, state.Zone, origin, anchor), [new PricePart(from, to, addOn.Quantity, paid)]);
        }
    }

    // A change without proration leaves what was paid in advance as it is, and so it leaves what will be where it is known before; the end of the term does not.
    private static Instant PaidTo(Timeline timeline, TimelineState state, Instant to) =>
        to == Instant.MaxValue || state.EndAt == to || timeline.InEffect.LastOrDefault(entry => entry.At == to && entry.IsBilled)?.Proration is not ChangeProration.None ? to : state.EndAt ?? Instant.MaxValue;

    private static SchedulePeriods? PeriodsOf(Price price, DateTimeZone zone, Instant origin, BillingAnchor anchor, SchedulePeriods? last = null) =>
        price.Terms.Interval is not { } interval ? null : last?.Schedule.Interval == interval ? last : new SchedulePeriods(new BillingSchedule(zone, origin, anchor, interval));
}
