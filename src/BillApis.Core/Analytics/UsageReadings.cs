using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Reads one metric's quantities of many customers, and adds them up as they are billed: customer by customer.</summary>
internal sealed class UsageReadings(IUsageStore store, TenantId tenant, Metric metric)
{
    private const int RequestsAtOnce = 2_000;
    private int _left = Limits.ReadingsPerReport;

    /// <summary>The quantity of each interval, in the order given, over all the customers.</summary>
    public async Task<UsagePoint[]> PointsAsync(IReadOnlyCollection<CustomerId> customers, IReadOnlyList<Interval> intervals, CancellationToken cancellationToken)
    {
        var points = intervals.Select(interval => new UsagePoint(interval, 0, 0)).ToArray();
        await ReadAsync(customers, intervals, [], (_, place, group) => points[place] = Add(points[place], group), cancellationToken).ConfigureAwait(false);
        return points;
    }

    /// <summary>The same for each group.</summary>
    public async Task<IReadOnlyDictionary<GroupKey, UsagePoint[]>> GroupsAsync(
        IReadOnlyCollection<CustomerId> customers, IReadOnlyList<Interval> intervals, bool byCustomer, IReadOnlyList<string> dimensions, CancellationToken cancellationToken)
    {
        var groups = new Dictionary<GroupKey, UsagePoint[]>();
        await ReadAsync(customers, intervals, dimensions, Collect, cancellationToken).ConfigureAwait(false);
        return groups;

        void Collect(CustomerId customer, int place, UsageGroup group)
        {
            var key = new GroupKey(byCustomer ? customer : null, group.Dimensions);
            if (!groups.TryGetValue(key, out var points))
            {
                groups[key] = points = [.. intervals.Select(interval => new UsagePoint(interval, 0, 0))];
            }

            points[place] = Add(points[place], group);
        }
    }

    /// <summary>The customers who used anything in one of the intervals.</summary>
    public async Task<IReadOnlyList<CustomerId>> ActiveAsync(IReadOnlyCollection<CustomerId> customers, IReadOnlyList<Interval> intervals, CancellationToken cancellationToken)
    {
        var active = new HashSet<CustomerId>();
        await ReadAsync(customers, intervals, [], Note, cancellationToken).ConfigureAwait(false);
        return [.. customers.Where(active.Contains)];

        void Note(CustomerId customer, int place, UsageGroup group)
        {
            if (group.Events > 0)
            {
                active.Add(customer);
            }
        }
    }

    private static UsagePoint Add(UsagePoint point, UsageGroup group) => point with { Value = Exact.Add(point.Value, group.Value), Events = point.Events + group.Events };

    private async Task ReadAsync(
        IReadOnlyCollection<CustomerId> customers, IReadOnlyList<Interval> intervals, IReadOnlyList<string> dimensions, Action<CustomerId, int, UsageGroup> take, CancellationToken cancellationToken)
    {
        _left = customers.Count * (long)intervals.Count <= _left
            ? _left - (customers.Count * intervals.Count)
            : throw BillingException.Field("interval", $"needs more than {Limits.ReadingsPerReport} quantities for these customers; ask for longer intervals, a shorter period or one customer");
        var requests = customers.SelectMany(customer => intervals.Select((interval, place) => (Place: place, Request: new UsageRequest(metric, customer, interval) { GroupBy = [.. dimensions] })));
        foreach (var chunk in requests.Chunk(RequestsAtOnce))
        {
            var readings = await store.ReadAsync(tenant, [.. chunk.Select(item => item.Request)], cancellationToken).ConfigureAwait(false);
            foreach (var (item, reading) in chunk.Zip(readings))
            {
                foreach (var group in reading.Groups)
                {
                    take(item.Request.Customer, item.Place, group);
                }
            }
        }
    }
}

/// <summary>What is told apart.</summary>
/// <param name="Customer">The customer; null where customers are not told apart.</param>
/// <param name="Dimensions">What the events share.</param>
internal sealed record GroupKey(CustomerId? Customer, Dimensions Dimensions);
