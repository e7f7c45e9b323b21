using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Finds when a customer first used something in a span of time: by the totals of days and hours, and in the one hour by its events.</summary>
internal static class FirstUse
{
    /// <summary>What instants of events are told apart by.</summary>
    public static readonly Duration Precision = Duration.FromNanoseconds(1_000);

    // Cut where totals are.
    private static readonly UsageWindow[] Parts = [UsageWindow.Day, UsageWindow.Hour];

    public static async Task<Instant?> FindAsync(IUsageStore usage, Customer customer, Metric metric, Interval span, CancellationToken cancellationToken)
    {
        // What was used before the span and goes on is no use in it.
        var counted = metric with { Recurring = false };
        foreach (var part in Parts)
        {
            var requests = UsageWindows.Of(span, part, DateTimeZone.Utc).Select(piece => new UsageRequest(counted, customer.Id, piece)).ToList();
            var readings = await usage.ReadAsync(customer.Tenant, requests, cancellationToken).ConfigureAwait(false);
            if (readings.FirstOrDefault(reading => reading.Events > 0) is not { } first)
            {
                return null;
            }

            span = first.Request.Period;
        }

        var events = await usage.ReadEventsAsync(customer.Tenant, new UsageRequest(counted, customer.Id, span), cancellationToken).ConfigureAwait(false);

        // What was counted may have been taken back since.
        return events.Min(item => (Instant?)item.Timestamp);
    }
}
