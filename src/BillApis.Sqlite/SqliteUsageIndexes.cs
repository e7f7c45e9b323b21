using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Enters a part of the tail into the indexes: keys as one run, and for each customer and tenant what happened within an hour as one row.</summary>
internal sealed class SqliteUsageIndexes
{
    // Four times what trails at the most: only what an older version left is more.
    private const int EventsOfLot = 262_144;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<long, List<(long At, long Number)>> _sources = [];
    private readonly Dictionary<UInt128, List<(long At, long Number)>> _customers = [];
    private readonly List<ulong> _hashes = [];
    private readonly List<long> _numbers = [];

    private SqliteUsageIndexes(SqliteConnection connection) => _connection = connection;

    /// <param name="connection">The connection, within the transaction that writes.</param>
    /// <param name="filters">What is remembered of the keys that are there.</param>
    public static void CatchUp(SqliteConnection connection, SqliteKeyFilters filters)
    {
        while (new SqliteUsageIndexes(connection).Enter(filters))
        {
        }
    }

    /// <returns>Whether there is more.</returns>
    private bool Enter(SqliteKeyFilters filters)
    {
        if (Read() is not { } last)
        {
            return false;
        }

        WriteKeys(filters);
        WriteSlices();
        var progress = SqliteStatement.Of(_connection, "update billing_usage_progress set indexed = ?1");
        progress.Bind(1, last);
        progress.Run();
        return _hashes.Count >= EventsOfLot;
    }

    private long? Read()
    {
        long? last = null;
        var blocks = SqliteStatement.Of(_connection, "select no, events from billing_usage_block where no > (select indexed from billing_usage_progress) order by no");
        while (_hashes.Count < EventsOfLot && blocks.Step())
        {
            last = blocks.Number(0);
            Read(last.Value, blocks.Blob(1));
        }

        blocks.Reset();
        return last;
    }

    private void Read(long block, ReadOnlySpan<byte> bytes)
    {
        var events = SqliteUsageBlock.Open(bytes);
        for (var place = 0; !events.IsEmpty; place++)
        {
            var found = SqliteUsageBlock.Next(ref events);
            if (!found.IsEmpty)
            {
                Read(SqliteUsageBlock.Number(block, place), new SqliteUsageItem(found));
            }
        }
    }

    private void Read(long number, in SqliteUsageItem item)
    {
        _hashes.Add(SqliteKeyHash.Of(item.Source, item.Id));
        _numbers.Add(number);
        if (item.Properties.IsEmpty)
        {
            // Archived: only its key stays known.
            return;
        }

        Of(_sources, item.Source).Add((item.At, number));
        if (!item.Customer.IsEmpty)
        {
            Of(_customers, BinaryPrimitives.ReadUInt128BigEndian(item.Customer)).Add((item.At, number));
        }
    }

    private static List<(long At, long Number)> Of<TOwner>(Dictionary<TOwner, List<(long At, long Number)>> owners, TOwner owner) where TOwner : notnull =>
        CollectionsMarshal.GetValueRefOrAddDefault(owners, owner, out _) ??= [];

    // The one place where a key becomes part of the index: a second event of a key fails it, and undoes the whole transaction.
    private void WriteKeys(SqliteKeyFilters filters)
    {
        var (keys, runs, same) = (SqliteSortedKeys.Sort([.. _hashes], [.. _numbers]), new SqliteKeyRuns(_connection.Handle!, filters, _hashes.Count), new List<long>());
        for (var i = 0; i < keys.Count; i++)
        {
            runs.Find(keys.Hashes[i], same);
            for (var before = i - 1; before >= 0 && keys.Hashes[before] == keys.Hashes[i]; before--)
            {
                same.Add(keys.Numbers[before]);
            }

            if (same.Count > 0)
            {
                Refuse(same, keys.Numbers[i]);
                same.Clear();
            }
        }

        if (keys.Count > 0)
        {
            runs.Add(keys);
        }
    }

    private void Refuse(List<long> same, long number)
    {
        var added = SqliteUsageBlock.Read(_connection.Handle!, number);
        if (SqliteUsageBlock.Find(_connection.Handle!, same, added.Source, added.Id) is not null)
        {
            throw new InvalidOperationException($"The event '{added.Id}' is in the log twice; nothing that follows it can be billed.");
        }
    }

    private void WriteSlices()
    {
        var owners = new SqliteUsageOwners();
        foreach (var (customer, events) in _customers)
        {
            owners.Add(EntityId.Format(CustomerId.Prefix, customer), events);
        }

        var tenantOf = SqliteStatement.Of(_connection, "select tenant_id from billing_usage_source where no = ?1");
        foreach (var (source, events) in _sources)
        {
            tenantOf.Bind(1, source);
            tenantOf.Step();
            owners.Add(tenantOf.Text(0), events);
            tenantOf.Reset();
        }

        owners.Enter(_connection);
    }
}
