using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>One event of a delivery and how its parts count.</summary>
internal sealed class UsageEntry(StampedEvent item)
{
    public StampedEvent Item { get; } = item;

    /// <summary>The properties as they are stored; written out before anyone waits for the database.</summary>
    public string Properties { get; } = item.Event.Properties.ToString();

    public (string Source, string Id) Key => (Item.Event.Source, Item.Event.Id);

    /// <summary>Finds entries of the same key.</summary>
    public static IEqualityComparer<UsageEntry> ByKey { get; } = new KeyComparer();

    public ImmutableArray<Contribution> Open { get; private set; } = [];

    public ImmutableArray<Contribution> Late { get; private set; } = [];

    /// <summary>The hash of the event that was stored under the key before; null where this one is stored now.</summary>
    public string? Known { get; set; }

    public OrphanReason? Orphan => Item.Orphan ?? (Late.Length > 0 ? OrphanReason.Late : null);

    public string Metrics => string.Join(' ', Open.Select(part => part.Metric.Id));

    /// <summary>Tells the parts that count from those whose period is closed.</summary>
    public void Pass(UsageGates gates)
    {
        if (Item.Customer is { } customer)
        {
            (Open, Late) = gates.IsEmpty || Item.CountsLate ? (Item.Contributions, []) : Split(gates, customer);
        }
    }

    private (ImmutableArray<Contribution> Open, ImmutableArray<Contribution> Late) Split(UsageGates gates, CustomerId customer)
    {
        var late = Item.Contributions.ToLookup(part => gates.IsLate(customer, part.Metric.Id, Item));
        return ([.. late[false]], [.. late[true]]);
    }

    // Ids differ nearly always where keys do.
    private sealed class KeyComparer : IEqualityComparer<UsageEntry>
    {
        public bool Equals(UsageEntry? left, UsageEntry? right) =>
            ReferenceEquals(left, right) || (left is not null && right is not null && left.Item.Event.Id == right.Item.Event.Id && left.Item.Event.Source == right.Item.Event.Source);

        public int GetHashCode(UsageEntry entry) => entry.Item.Event.Id.GetHashCode(StringComparison.Ordinal);
    }
}
