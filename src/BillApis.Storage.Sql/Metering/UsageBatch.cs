using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Events that are written together: of each key the first counts, and the others are compared with it.</summary>
internal sealed class UsageBatch
{
    private readonly Dictionary<(string Source, string Id), UsageEntry> _first;

    public UsageBatch(IReadOnlyCollection<UsageEntry> entries, UsageGates gates)
    {
        (_first, Entries) = (new(entries.Count), new(entries.Count));
        foreach (var entry in entries)
        {
            if (_first.TryAdd(entry.Key, entry))
            {
                entry.Pass(gates);
                Entries.Add(entry);
            }
        }
    }

    /// <summary>The first of each key.</summary>
    public List<UsageEntry> Entries { get; }

    /// <summary>What became of an event, once it is known what was there before.</summary>
    public AppendResult Result(UsageEntry entry)
    {
        var first = _first[entry.Key];
        return first.Known is null && ReferenceEquals(first, entry)
            ? new AppendResult(AppendOutcome.Accepted, first.Orphan)
            : new AppendResult((first.Known ?? first.Item.Hash) == entry.Item.Hash ? AppendOutcome.Duplicate : AppendOutcome.Conflict);
    }
}
