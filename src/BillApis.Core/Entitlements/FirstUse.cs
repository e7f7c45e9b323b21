using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>
/// Finds when a customer first used something from an instant on: the totals of days and hours are read once for all that is asked, and within hours the events, of as many at once as
/// have a bounded number together. What is asked later must not lie before.
/// </summary>
internal sealed class FirstUse
{
    /// <summary>What instants of events are told apart by.</summary>
    public static readonly Duration Precision = Duration.FromNanoseconds(1_000);

    private const int EventsAtOnce = 5_000;
    private const int RequestsAtOnce = 1_000;
    private readonly IUsageStore _usage;
    private readonly Customer _customer;
    private readonly Metric _metric;
    private readonly List<UsageReading> _hours;
    private Instant[] _uses = [];
    private int _next;
    private int _hour;

    private FirstUse(IUsageStore usage, Customer customer, Metric metric, List<UsageReading> hours) => (_usage, _customer, _metric, _hours) = (usage, customer, metric, hours);

    /// <summary>Reads in which hours of a span of time something was used.</summary>
    public static async Task<FirstUse> ReadAsync(IUsageStore usage, Customer customer, Metric metric, Interval span, CancellationToken cancellationToken)
    {
        // What was used before the span and goes on is no use in it.
        var counted = metric with { Recurring = false };
        List<Interval> pieces = [.. UsageWindows.Of(span, UsageWindow.Day, DateTimeZone.Utc)];
        var hours = await UsedAsync(pieces).ConfigureAwait(false);
        hours = await UsedAsync([.. hours.SelectMany(day => UsageWindows.Of(day.Request.Period, UsageWindow.Hour, DateTimeZone.Utc))]).ConfigureAwait(false);
        return new FirstUse(usage, customer, counted, hours);

        async Task<List<UsageReading>> UsedAsync(List<Interval> parts)
        {
            var used = new List<UsageReading>();
            foreach (var requests in parts.Select(part => new UsageRequest(counted, customer.Id, part)).Chunk(RequestsAtOnce))
            {
                used.AddRange((await usage.ReadAsync(customer.Tenant, requests, cancellationToken).ConfigureAwait(false)).Where(reading => reading.Events > 0));
            }

            return used;
        }
    }

    /// <summary>The first use at an instant or after it; null where there is none in the span.</summary>
    public async Task<Instant?> FindAsync(Instant from, CancellationToken cancellationToken)
    {
        while (true)
        {
            for (; _next < _uses.Length; _next++)
            {
                if (_uses[_next] >= from)
                {
                    return _uses[_next];
                }
            }

            while (_hour < _hours.Count && _hours[_hour].Request.Period.End <= from)
            {
                _hour++;
            }

            if (_hour == _hours.Count)
            {
                return null;
            }

            await ReadEventsAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // What was counted may have been taken back since: an hour may have none.
    private async Task ReadEventsAsync(CancellationToken cancellationToken)
    {
        var (start, events) = (_hours[_hour].Request.Period.Start, 0L);
        do
        {
            events += _hours[_hour++].Events;
        }
        while (_hour < _hours.Count && events + _hours[_hour].Events <= EventsAtOnce);
        var read = await _usage.ReadEventsAsync(_customer.Tenant, new UsageRequest(_metric, _customer.Id, new Interval(start, _hours[_hour - 1].Request.Period.End)), cancellationToken).ConfigureAwait(false);
        (_uses, _next) = ([.. read.Select(item => item.Timestamp!.Value).Order()], 0);
    }
}
