using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Collects what belongs to one request, group by group, and answers the quantities.</summary>
internal sealed class UsageTally(UsageRequest request)
{
    private readonly Dictionary<Dimensions, UsageTotal> _totals = [];
    private readonly Dictionary<Dimensions, HashSet<string>> _items = [];

    public void Add(in Contribution contribution, UsageEvent item, NodaTime.Instant at)
    {
        Add(contribution.Dimensions, UsageTotal.Of(contribution, item, at));
        if (contribution.Item is { } value)
        {
            AddItem(contribution.Dimensions, value);
        }
    }

    public void Add(Dimensions dimensions, UsageTotal total)
    {
        var group = Group(dimensions);
        _totals[group] = _totals.TryGetValue(group, out var known) ? known.Merge(total) : total;
    }

    public void AddItem(Dimensions dimensions, string item)
    {
        var group = Group(dimensions);
        if (!_items.TryGetValue(group, out var items))
        {
            _items[group] = items = new HashSet<string>(StringComparer.Ordinal);
        }

        items.Add(item);
    }

    public UsageReading Read()
    {
        var groups = _totals.Select(pair => new UsageGroup(pair.Key, Quantity(pair.Key, pair.Value), pair.Value.Events)).OrderBy(group => group.Dimensions.Json, StringComparer.Ordinal);
        return new UsageReading(request, _totals.Count == 0 && request.GroupBy.IsEmpty ? [new UsageGroup(Dimensions.None, 0, 0)] : [.. groups]);
    }

    private Dimensions Group(Dimensions dimensions) => request.GroupBy.Length == request.Metric.GroupBy.Length ? dimensions : dimensions.Only(request.GroupBy);

    private decimal Quantity(Dimensions group, UsageTotal total)
    {
        var exact = request.Metric.Aggregation switch
        {
            Aggregation.Count => total.Events,
            Aggregation.Sum => total.Sum ?? 0,
            Aggregation.Max => total.Max ?? 0,
            Aggregation.Min => total.Min ?? 0,
            Aggregation.Latest => total.Latest?.Value ?? 0,
            Aggregation.UniqueCount => _items.GetValueOrDefault(group)?.Count ?? 0,
            var other => throw new InvalidOperationException($"{other} is not built."),
        };
        return request.Metric.Rounding?.Round(exact) ?? exact;
    }
}
