using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Events that are written together: of each key the first counts, and the others are compared with it.</summary>
internal sealed class UsageBatch
{
    private readonly Dictionary<UsageEntry, UsageEntry> _repeats = [];

    public UsageBatch(IReadOnlyCollection<UsageEntry> entries, UsageGates gates)
    {
        var first = new HashSet<UsageEntry>(entries.Count, UsageEntry.ByKey);
        Entries = new(entries.Count);
        foreach (var entry in entries)
        {
            if (first.Add(entry))
            {
                entry.Pass(gates);
                Entries.Add(entry);
            }
            else if (first.TryGetValue(entry, out var known))
            {
                _repeats[entry] = known;
            }
        }
    }

    /// <summary>The first of each key.</summary>
    public List<UsageEntry> Entries { get; }

    /// <summary>What became of an event, once it is known what was there before.</summary>
    public AppendResult Result(UsageEntry entry)
    {
        var first = _repeats.GetValueOrDefault(entry, entry);
        return first.Known is null && ReferenceEquals(first, entry)
            ? new AppendResult(AppendOutcome.Accepted, first.Orphan)
            : new AppendResult((first.Known ?? first.Item.Hash) == entry.Item.Hash ? AppendOutcome.Duplicate : AppendOutcome.Conflict);
    }
}
