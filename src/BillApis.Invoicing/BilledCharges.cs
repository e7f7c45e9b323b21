using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Finds the charges of a subscription that usage of the past belongs to.</summary>
public static class BilledCharges
{
    /// <summary>The charges of one metric whose periods hold an instant from the first to the last, as far as they fell due.</summary>
    /// <param name="plan">The version that the subscription is pinned to.</param>
    /// <param name="timeline">The dates and quantities.</param>
    /// <param name="metric">What was counted.</param>
    /// <param name="first">The earliest instant.</param>
    /// <param name="last">The latest instant.</param>
    /// <param name="until">The last boundary that was billed.</param>
    public static IReadOnlyList<Charge> Of(PlanVersion plan, Timeline timeline, MetricId metric, Instant first, Instant last, Instant until)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(timeline);
        return [.. plan.Items.Where(item => item.Price.Metric == metric).DistinctBy(item => item.Price.Id)
            .SelectMany(item => Boundaries(item.Price.Terms, timeline, first, last, until)
                .SelectMany(boundary => Charge.At(plan, timeline, boundary).Where(charge => charge.Price.Id == item.Price.Id)))];
    }

    private static IEnumerable<Instant> Boundaries(PriceTerms terms, Timeline timeline, Instant first, Instant last, Instant until)
    {
        var end = timeline.EndAt ?? Instant.MaxValue;
        if (terms.Interval is not { } interval || last < timeline.BillingStartAt || first >= end)
        {
            yield break;
        }

        var schedule = timeline.Schedule(interval);
        for (var index = schedule.IndexAt(Instant.Max(first, timeline.BillingStartAt)); ; index++)
        {
            var period = schedule.PeriodAt(index);
            var boundary = terms.Timing is BillingTiming.InAdvance ? period.Start : Instant.Min(period.End, end);
            if (period.Start > last || period.Start >= end || boundary > until)
            {
                yield break;
            }

            yield return boundary;
        }
    }
}
