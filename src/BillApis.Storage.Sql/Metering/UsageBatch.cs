using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What a delivery comes to, before the database has its say: each key once, and each event's parts that count and that are late.</summary>
internal sealed class UsageBatch
{
    private readonly IReadOnlyList<StampedEvent> _events;
    private readonly Dictionary<(string Source, string Id), UsageEntry> _first = [];

    public UsageBatch(IReadOnlyList<StampedEvent> events, UsageGates gates)
    {
        _events = events;
        foreach (var item in events)
        {
            if (!_first.ContainsKey(UsageEntry.KeyOf(item)))
            {
                _first.Add(UsageEntry.KeyOf(item), new UsageEntry(item, gates));
            }
        }

        // One order for all writers: whoever holds a row never waits for one that comes before it.
        Entries = [.. _first.Values.OrderBy(entry => entry.Key.Source, StringComparer.Ordinal).ThenBy(entry => entry.Key.Id, StringComparer.Ordinal)];
    }

    /// <summary>The first of each key, in the order in which they are written.</summary>
    public IReadOnlyList<UsageEntry> Entries { get; }

    /// <summary>What became of each event, given the hashes of those that were there before.</summary>
    public IReadOnlyList<AppendResult> Results(IReadOnlyDictionary<(string Source, string Id), string> known)
    {
        var results = new AppendResult[_events.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var first = _first[UsageEntry.KeyOf(_events[i])];
            var old = known.GetValueOrDefault(first.Key);
            results[i] = old is null && ReferenceEquals(first.Item, _events[i]) && first.Take()
                ? new AppendResult(AppendOutcome.Accepted, first.Orphan)
                : new AppendResult((old ?? first.Item.Hash) == _events[i].Hash ? AppendOutcome.Duplicate : AppendOutcome.Conflict);
        }

        return results;
    }
}

/// <summary>One event of a batch and how its parts count.</summary>
internal sealed class UsageEntry
{
    private bool _taken;

    public UsageEntry(StampedEvent item, UsageGates gates)
    {
        Item = item;
        if (item.Customer is { } customer)
        {
            var late = item.Contributions.ToLookup(part => !item.CountsLate && gates.IsLate(customer, part.Metric.Id, item));
            (Open, Late) = ([.. late[false]], [.. late[true]]);
        }
    }

    public StampedEvent Item { get; }

    public (string Source, string Id) Key => KeyOf(Item);

    public IReadOnlyList<Contribution> Open { get; } = [];

    public IReadOnlyList<Contribution> Late { get; } = [];

    public OrphanReason? Orphan => Item.Orphan ?? (Late.Count > 0 ? OrphanReason.Late : null);

    public string Metrics => string.Join(' ', Open.Select(part => part.Metric.Id));

    public static (string Source, string Id) KeyOf(StampedEvent item) => (item.Event.Source, item.Event.Id);

    /// <summary>True the first time: the same instance may stand in a delivery twice.</summary>
    public bool Take() => !_taken && (_taken = true);
}
