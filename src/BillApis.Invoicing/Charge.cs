using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A price that falls due: for which quantity of the plan, for which period and which part of it.</summary>
/// <param name="Price">The price.</param>
/// <param name="Quantity">The quantity of a price without a metric.</param>
/// <param name="Period">The half-open period that is charged.</param>
/// <param name="Factor">The part of the whole period that this is.</param>
public sealed record Charge(Price Price, decimal Quantity, Interval Period, ProrationFactor Factor)
{
    /// <summary>The whole period that <see cref="Period"/> is cut from, which usage weighed by time is divided by; the same where nothing is cut.</summary>
    public Interval Full { get; init; } = Period;

    /// <summary>Everything that falls due at a boundary, arrears before advance, each in the order of the plan.</summary>
    /// <param name="plan">The version that the subscription is pinned to.</param>
    /// <param name="timeline">The dates and quantities.</param>
    /// <param name="boundary">An instant that <see cref="Timeline.NextBoundary"/> gave.</param>
    public static IReadOnlyList<Charge> At(PlanVersion plan, Timeline timeline, Instant boundary)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(timeline);
        return [
            .. plan.Items.Where(item => item.Price.Terms.Timing is BillingTiming.InArrears).Select(item => Arrears(item, timeline, boundary)).OfType<Charge>(),
            .. plan.Items.Where(item => item.Price.Terms is { Timing: BillingTiming.InAdvance } or { Interval: null }).Select(item => Advance(item, timeline, boundary)).OfType<Charge>()];
    }

    /// <summary>Every price of the plan once, for a period of its own that counts as a whole one.</summary>
    public static IReadOnlyList<Charge> Whole(PlanVersion plan, Interval period)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return [.. plan.Items.Select(item => new Charge(item.Price, item.Quantity, period, ProrationFactor.Whole))];
    }

    // What ends at the boundary, cut at the end of the subscription.
    private static Charge? Arrears(PlanItem item, Timeline timeline, Instant boundary)
    {
        if (boundary <= timeline.BillingStartAt || item.Price.Terms.Interval is not { } interval)
        {
            return null;
        }

        var schedule = timeline.Schedule(interval);
        if (boundary != timeline.EndAt && !schedule.IsBoundary(boundary))
        {
            return null;
        }

        var period = schedule.PeriodAt(schedule.IndexAt(boundary - Duration.Epsilon));
        return Of(item, timeline, period with { End = boundary });
    }

    // What begins at the boundary; a price that is charged once begins with the subscription.
    private static Charge? Advance(PlanItem item, Timeline timeline, Instant boundary)
    {
        if (boundary >= (timeline.EndAt ?? Instant.MaxValue))
        {
            return null;
        }

        if (item.Price.Terms.Interval is not { } interval)
        {
            return boundary == timeline.BillingStartAt ? new Charge(item.Price, QuantityOf(item, timeline), new Interval(boundary, boundary), ProrationFactor.Whole) : null;
        }

        var schedule = timeline.Schedule(interval);
        if (boundary != timeline.BillingStartAt && !schedule.IsBoundary(boundary))
        {
            return null;
        }

        var period = schedule.PeriodAt(schedule.IndexAt(boundary));
        return Of(item, timeline, period with { End = Instant.Min(period.End, timeline.EndAt ?? Instant.MaxValue) });
    }

    private static Charge Of(PlanItem item, Timeline timeline, BillingPeriod period) => new(
        item.Price,
        QuantityOf(item, timeline),
        new Interval(period.Start, period.End),
        ProrationFactor.Of(item.Price.Terms.Proration, new Interval(period.Start, period.End), new Interval(period.FullStart, period.FullEnd), timeline.Zone))
    {
        Full = new Interval(period.FullStart, period.FullEnd),
    };

    private static decimal QuantityOf(PlanItem item, Timeline timeline) => timeline.Quantities.GetValueOrDefault(item.Price.Code, item.Quantity);
}
