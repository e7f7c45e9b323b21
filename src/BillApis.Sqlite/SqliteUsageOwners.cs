using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Events to be entered for their owners, or taken from them.</summary>
internal sealed class SqliteUsageOwners
{
    private readonly Dictionary<string, List<(long At, long Number)>> _owners = new(StringComparer.Ordinal);

    public void Add(string owner, long at, long number) => (CollectionsMarshal.GetValueRefOrAddDefault(_owners, owner, out _) ??= []).Add((at, number));

    /// <summary>Adds all events of a list that is nobody else's any more.</summary>
    public void Add(string owner, List<(long At, long Number)> events)
    {
        if (!_owners.TryAdd(owner, events))
        {
            _owners[owner].AddRange(events);
        }
    }

    /// <summary>Adds an event for the customer that it has; nothing where it has none.</summary>
    public void Add(in SqliteUsageItem item, long number)
    {
        if (!item.Customer.IsEmpty)
        {
            Add(SqliteUsageItem.IdOf<CustomerId>(item.Customer), item.At, number);
        }
    }

    public void Enter(SqliteConnection connection)
    {
        foreach (var (owner, events) in _owners.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            SqliteUsageSlices.Add(connection, owner, events);
        }
    }

    public void Remove(SqliteConnection connection)
    {
        foreach (var (owner, events) in _owners)
        {
            SqliteUsageSlices.Remove(connection, owner, events);
        }
    }
}
