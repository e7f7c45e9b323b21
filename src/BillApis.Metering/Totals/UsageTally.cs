using System.Runtime.InteropServices;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Collects what belongs to one request, group by group and span by span, and answers the quantities.</summary>
internal sealed class UsageTally(UsageRequest request)
{
    private Dictionary<Dimensions, UsageTallyGroup>? _groups;

    // Where nothing is told apart.
    private UsageTallyGroup? _all;

    public UsageSpans Spans { get; } = UsageSpans.Of(request);

    /// <summary>Adds one event.</summary>
    public void Add(in Contribution contribution, UsageEvent item, Instant at)
    {
        var (group, span) = (Group(contribution.Dimensions), Spans.IndexOf(at));
        group.Total(span).Add(contribution, item, at, Spans.All[span].Start);
        if (contribution.Item is { } name)
        {
            group.Add(name, UsageItem.Of(contribution, item, at));
            group.Add(name, LatestValue.Of(contribution, item, at));
        }
    }

    /// <summary>Adds the total of many events of one span, which is the tally's own from now on; its moment counts from the start of the span.</summary>
    public void Add(Dimensions dimensions, int span, UsageTotal total) => Group(dimensions).Add(span, total);

    /// <summary>Adds what is known of one thing.</summary>
    public void Add(Dimensions dimensions, string name, UsageItem item)
    {
        var group = Group(dimensions);
        group.Add(name, item);
        if (item.Latest is { } latest)
        {
            group.Add(name, latest);
        }
    }

    public UsageReading Read()
    {
        if (request.GroupBy.IsEmpty)
        {
            return new UsageReading(request, [_all is null ? new UsageGroup(Dimensions.None, 0, 0) : Of(Dimensions.None, _all)]);
        }

        return new UsageReading(request, [.. (_groups ?? []).OrderBy(pair => pair.Key.Json, StringComparer.Ordinal).Select(pair => Of(pair.Key, pair.Value))]);
    }

    private UsageGroup Of(Dimensions dimensions, UsageTallyGroup group) => new(dimensions, UsageQuantity.Of(request, Spans, group), group.Events);

    private UsageTallyGroup Group(Dimensions dimensions)
    {
        if (request.GroupBy.IsEmpty)
        {
            return _all ??= NewGroup();
        }

        var group = request.GroupBy.Length == request.Metric.GroupBy.Length ? dimensions : dimensions.Only(request.GroupBy);
        return CollectionsMarshal.GetValueRefOrAddDefault(_groups ??= [], group, out _) ??= NewGroup();
    }

    private UsageTallyGroup NewGroup() => new(Spans.All.Length, request.Metric is { Aggregation: Aggregation.UniqueCount, Weighting: not null });
}

/// <summary>What is known of one group of a request.</summary>
/// <param name="spans">How many spans there are.</param>
/// <param name="keepsHistory">Whether it matters when each thing was there.</param>
internal sealed class UsageTallyGroup(int spans, bool keepsHistory)
{
    private readonly UsageTotal?[] _totals = new UsageTotal?[spans];
    private Dictionary<string, UsageItem>? _items;
    private Dictionary<string, List<LatestValue>>? _histories;

    public ReadOnlySpan<UsageTotal?> Totals => _totals;

    /// <summary>All spans together; not to be added to.</summary>
    public UsageTotal Whole => _totals is [{ } only] ? only : _totals.OfType<UsageTotal>().Aggregate(new UsageTotal(), (all, each) => all.Merge(each));

    public Dictionary<string, UsageItem> Items => _items ??= new(StringComparer.Ordinal);

    public Dictionary<string, List<LatestValue>> Histories => _histories ??= new(StringComparer.Ordinal);

    public long Events => _totals.Sum(total => total?.Events ?? 0);

    /// <summary>The total of a span, to be added to.</summary>
    public UsageTotal Total(int span) => _totals[span] ??= new UsageTotal();

    /// <summary>Adds to the total of a span, or makes it that.</summary>
    public void Add(int span, UsageTotal total)
    {
        if (_totals[span] is { } known)
        {
            known.Add(total);
        }
        else
        {
            _totals[span] = total;
        }
    }

    public void Add(string name, UsageItem item) => Items[name] = Items.TryGetValue(name, out var known) ? known.Merge(item) : item;

    public void Add(string name, LatestValue change)
    {
        if (!keepsHistory)
        {
            return;
        }

        if (!Histories.TryGetValue(name, out var history))
        {
            Histories[name] = history = [];
        }

        history.Add(change);
    }
}
