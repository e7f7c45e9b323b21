using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>All that the dates and quantities of a subscription's invoices follow from.</summary>
public sealed record Timeline
{
    /// <summary>When the subscription starts.</summary>
    public required Instant StartAt { get; init; }

    /// <summary>The zone in which its periods are computed; pinned at the start.</summary>
    public required DateTimeZone Zone { get; init; }

    /// <summary>What its periods are aligned to.</summary>
    public required BillingAnchor Anchor { get; init; }

    /// <summary>Until when nothing is charged.</summary>
    public Instant? TrialEndAt { get; init; }

    /// <summary>When it ends; null while it goes on.</summary>
    public Instant? EndAt { get; init; }

    /// <summary>Price code to the quantity that is charged instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>When the first period begins.</summary>
    [JsonIgnore]
    public Instant BillingStartAt => TrialEndAt ?? StartAt;

    /// <summary>The periods of one interval on this timeline, not cut at its end.</summary>
    public BillingSchedule Schedule(BillingInterval interval) => new(Zone, BillingStartAt, Anchor, interval);

    /// <summary>The period of the plan's shortest interval that holds an instant, cut at the end; null before the first, after the end, or for a plan that does not recur.</summary>
    public Interval? PeriodAt(PlanVersion plan, Instant at)
    {
        if (at < BillingStartAt || at >= (EndAt ?? Instant.MaxValue))
        {
            return null;
        }

        var periods = Intervals(plan).Select(Schedule).Select(schedule => schedule.PeriodAt(schedule.IndexAt(at))).ToList();
        if (periods.Count == 0)
        {
            return null;
        }

        var shortest = periods.MinBy(period => period.FullEnd - period.FullStart);
        return new Interval(shortest.Start, Instant.Min(shortest.End, EndAt ?? Instant.MaxValue));
    }

    /// <summary>The first instant after another at which something is to be billed; the start itself where <paramref name="after"/> is null.</summary>
    public Instant? NextBoundary(PlanVersion plan, Instant? after)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (after is not { } last)
        {
            return BillingStartAt < (EndAt ?? Instant.MaxValue) ? BillingStartAt : null;
        }

        var next = Intervals(plan).Select(interval => Schedule(interval).NextBoundary(last)).Append(Instant.MaxValue).Min();
        var end = EndAt ?? Instant.MaxValue;
        return last >= end || (next == Instant.MaxValue && end == Instant.MaxValue) ? null : Instant.Min(next, end);
    }

    private static IEnumerable<BillingInterval> Intervals(PlanVersion plan) => plan.Items.Select(item => item.Price.Terms.Interval).OfType<BillingInterval>().Distinct();
}
