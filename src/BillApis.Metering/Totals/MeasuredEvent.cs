using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>What one event adds to a metric, for prices that look at single events.</summary>
/// <param name="At">When it happened.</param>
/// <param name="Value">The measured value; 1 where events are counted.</param>
/// <param name="Event">The event.</param>
public sealed record MeasuredEvent(Instant At, decimal Value, UsageEvent Event)
{
    /// <summary>The events that a request counts, in the order in which they happened; those of one instant by id.</summary>
    /// <exception cref="BillingException">An event that the metric counts cannot be measured.</exception>
    public static ImmutableArray<MeasuredEvent> Of(UsageRequest request, IEnumerable<UsageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(events);
        return [.. events.Where(request.Counts).Select(item => Measure(request, item)).OrderBy(item => item.At).ThenBy(item => item.Event.Id, StringComparer.Ordinal).ThenBy(item => item.Event.Source, StringComparer.Ordinal)];
    }

    private static MeasuredEvent Measure(UsageRequest request, UsageEvent item) => request.Metric.Measure(item, out var contribution) is { } wrong
        ? throw BillingException.Field(wrong.Field, wrong.Message)
        : new MeasuredEvent(item.Timestamp ?? request.Period.Start, contribution.Value, item);
}
