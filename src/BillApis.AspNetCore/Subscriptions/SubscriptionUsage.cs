using System.Collections.Immutable;
using System.Numerics;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/subscriptions/{id}/usage</c>: the current period so far, and where it is heading.</summary>
internal static class SubscriptionUsage
{
    internal static async Task<SubscriptionUsageResponse> GetAsync(string id, Caller caller, Billing billing, ChargedUsageReader charged, IUsageStore usage, IClock clock, CancellationToken cancellationToken)
    {
        var subscription = await billing.Subscriptions.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var now = clock.GetCurrentInstant();
        var schedule = await billing.Subscriptions.ScheduleAsync(subscription, cancellationToken).ConfigureAwait(false);
        var charges = schedule.InForceAt(now).Where(charge => charge.Price.IsMetered).ToList();
        var asked = await charged.RequestsAsync(caller.Tenant, [.. charges.Select(charge => (charge, subscription))], cancellationToken).ConfigureAwait(false);

        // In one sum, however its price divides it.
        List<UsageRequest> requests = [.. asked.Select(item => item.Request with { GroupBy = [] })];
        var readings = requests.Count == 0 ? [] : await usage.ReadAsync(caller.Tenant, requests, cancellationToken).ConfigureAwait(false);
        ImmutableArray<MetricUsageResponse> metrics = [.. charges.Zip(readings, (charge, reading) => Response(charge.Price, reading, now))];
        return new SubscriptionUsageResponse(
            schedule.PeriodAt(now) is { } period ? Period.From(period) : null, subscription.Currency, metrics,
            metrics.Sum(metric => metric.Amount), metrics.Sum(metric => metric.ProjectedAmount));
    }

    private static MetricUsageResponse Response(Price price, UsageReading reading, Instant now)
    {
        var quantity = reading.Groups.Sum(group => group.Value);
        var projected = reading.Request.Metric is { Aggregation: Aggregation.Count or Aggregation.Sum, Recurring: false } ? Project(quantity, reading.Request.Period, now) : quantity;
        return new MetricUsageResponse(
            reading.Request.Metric.Id, price.Id, Period.From(reading.Request.Period), quantity, reading.Events, Cost(price, quantity), projected, Cost(price, projected));
    }

    private static decimal Cost(Price price, decimal quantity) =>
        BillingException.OrTooMuch($"The usage at the price '{price.Code}'", () => Money.Round(Rating.Rate(price.Terms, new RatingInput(quantity)).Amount, price.Terms.Currency).Amount);

    // As if the rest of the period went on as it began: quantity × period ÷ elapsed, in whole numbers until the one division.
    private static decimal Project(decimal quantity, Interval period, Instant now)
    {
        var (whole, elapsed) = (Microseconds(period.Duration), Microseconds(now - period.Start));
        if (elapsed <= 0 || quantity == 0)
        {
            return quantity;
        }

        var scaled = new BigInteger(quantity * 1_000_000m) * whole / elapsed;
        return (decimal)BigInteger.Min(scaled, new BigInteger(Limits.Magnitude) * 1_000_000) / 1_000_000m;
    }

    private static long Microseconds(Duration duration) => duration.BclCompatibleTicks / 10;
}

internal sealed record SubscriptionUsageResponse(Period? Period, Currency Currency, ImmutableArray<MetricUsageResponse> Metrics, decimal Amount, decimal ProjectedAmount);

internal sealed record MetricUsageResponse(
    MetricId MetricId, PriceId PriceId, Period Period, decimal Quantity, long Events, decimal Amount, decimal ProjectedQuantity, decimal ProjectedAmount);
