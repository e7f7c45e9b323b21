using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Finds the charges of a subscription that usage of the past belongs to.</summary>
public static class BilledCharges
{
    /// <summary>The charges of one metric whose periods hold an instant from the first to the last, as far as they fell due.</summary>
    /// <param name="plans">The versions that the subscription goes through.</param>
    /// <param name="timeline">The dates and quantities.</param>
    /// <param name="metric">What was counted.</param>
    /// <param name="first">The earliest instant.</param>
    /// <param name="last">The latest instant.</param>
    /// <param name="until">The last boundary that was billed.</param>
    public static IReadOnlyList<Charge> Of(PlanVersions plans, Timeline timeline, MetricId metric, Instant first, Instant last, Instant until) =>
        [.. ChargeSchedule.Of(timeline, plans).Runs.Where(run => run.Price.Metric == metric).SelectMany(run => ArrearCharges.Billed(run, first, last, until))];
}
