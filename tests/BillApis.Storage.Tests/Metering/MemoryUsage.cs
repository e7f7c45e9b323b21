using BillApis.Metering;
using BillApis.Storage.Sql.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Usage of one customer and metric in memory: batches make the totals that stores write, and readings add up what stores read.</summary>
internal sealed class MemoryUsage(Metric metric, CustomerId customer)
{
    private readonly Dictionary<string, UsageEvent?> _net = [];
    private readonly Dictionary<UsageKey, UsageTotal> _totals = [];
    private readonly Dictionary<(UsageKey Key, string Name), UsageItem> _items = [];

    /// <summary>The events that count.</summary>
    public IEnumerable<UsageEvent> Net => _net.Values.OfType<UsageEvent>();

    public void Append(IEnumerable<UsageEvent> batch) => Merge(Count(batch.Where(item => _net.TryAdd(item.Id, item))));

    /// <summary>Lets something else, or nothing, count in the place of an event that is there.</summary>
    public void Correct(string id, UsageEvent? content)
    {
        var before = _net[id];
        _net[id] = content;
        foreach (var at in new[] { before?.Timestamp, content?.Timestamp }.OfType<Instant>())
        {
            var buckets = Enum.GetValues<UsageLevel>().Select(level => UsageBucket.Of(level, at)).ToList();
            foreach (var key in _totals.Keys.Where(key => buckets.Contains(key.Bucket)).ToList())
            {
                _totals.Remove(key);
            }

            foreach (var key in _items.Keys.Where(key => buckets.Contains(key.Key.Bucket)).ToList())
            {
                _items.Remove(key);
            }

            Merge(Count(Net.Where(item => UsageBucket.Of(UsageLevel.Month, item.Timestamp!.Value) == buckets[^1])), buckets);
        }
    }

    public UsageReading Read(UsageRequest request)
    {
        var slot = new UsageSlot(0, request, _totals.Count == 0 ? null : _totals.Keys.Min(key => key.Bucket.Start), []);
        var asked = new UsageAskRows();
        slot.Ask(asked);
        for (var place = 0; place < asked.Rows.Count; place++)
        {
            var bucket = new UsageBucket((UsageLevel)asked.Rows[place, 2].Number!.Value, asked.Rows[place, 3].Number!.Value);
            foreach (var (key, total) in _totals.Where(pair => pair.Key.Bucket == bucket))
            {
                slot.Add(place, key.Dimensions, total with { });
            }

            foreach (var ((key, name), item) in _items.Where(pair => pair.Key.Key.Bucket == bucket))
            {
                slot.Tally.Add(Dimensions.Parse(key.Dimensions), name, item);
            }
        }

        foreach (var item in slot.Parts.SelectMany(part => Net.Where(item => part.Contains(item.Timestamp!.Value))))
        {
            slot.Add(new StoredEvent(item, item.Timestamp!.Value, customer, [metric.Id]));
        }

        return slot.Tally.Read();
    }

    private UsageTotals Count(IEnumerable<UsageEvent> events)
    {
        var totals = new UsageTotals();
        foreach (var item in events)
        {
            metric.Measure(item, out var part).ShouldBeNull();
            totals.Add(customer, part, item, item.Timestamp!.Value);
        }

        totals.Widen();
        return totals;
    }

    private void Merge(UsageTotals more, List<UsageBucket>? only = null)
    {
        foreach (var (key, total) in more.Totals.Where(pair => only?.Contains(pair.Key.Bucket) is not false))
        {
            _totals[key] = _totals.TryGetValue(key, out var known) ? known.Merge(total) : total;
        }

        foreach (var (key, item) in more.Items.Where(pair => only?.Contains(pair.Key.Key.Bucket) is not false))
        {
            _items[key] = _items.TryGetValue(key, out var known) ? known.Merge(item) : item;
        }
    }
}
