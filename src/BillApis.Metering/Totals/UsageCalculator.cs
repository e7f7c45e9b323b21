using NodaTime;

namespace BillApis.Metering;

/// <summary>Quantities straight from events, with nothing stored: what a simulation bills, and what every store's totals must equal.</summary>
public static class UsageCalculator
{
    /// <summary>The quantities of one customer's events; an event without a timestamp happens at the start of the period.</summary>
    /// <exception cref="BillingException">An event that the metric counts cannot be measured.</exception>
    public static UsageReading Read(UsageRequest request, IEnumerable<UsageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(events);
        request.Validate();
        var tally = new UsageTally(request);
        foreach (var item in events.Where(request.Reaches))
        {
            if (request.Metric.Measure(item, out var contribution) is { } wrong)
            {
                throw BillingException.Field(wrong.Field, wrong.Message);
            }

            tally.Add(contribution, item, item.Timestamp ?? request.Period.Start);
        }

        return tally.Read();
    }

    /// <summary>The quantities of one customer's stored events, as they were known when the request says, corrections applied.</summary>
    /// <exception cref="BillingException">An event that the metric counts cannot be measured.</exception>
    public static UsageReading ReadStored(UsageRequest request, IEnumerable<StoredEvent> events)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(events);
        return Read(request, events.Where(request.Knows).Select(item => NetAt(item, request.Recorded)).OfType<UsageEvent>());
    }

    private static UsageEvent? NetAt(StoredEvent item, Interval? recorded) =>
        (item with { Corrections = [.. item.Corrections.Where(correction => recorded is not { HasEnd: true } known || correction.RecordedAt < known.End)] }).Net;
}
