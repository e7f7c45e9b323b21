using System.Buffers.Binary;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Enters the tail into the indexes, each in its own order: what lies together is written together.</summary>
internal sealed class SqliteUsageIndexes
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<long, string> _tenants = [];
    private readonly List<(long Source, ReadOnlyMemory<byte> Id, long Number)> _keys;
    private readonly List<(UInt128 Customer, long At, long Number)> _customers;
    private readonly List<(string Tenant, long At, long Number)> _times;

    private SqliteUsageIndexes(SqliteConnection connection, int expected) => (_connection, _keys, _customers, _times) = (connection, new(expected), new(expected), new(expected));

    /// <param name="connection">The connection, within the transaction that writes.</param>
    /// <param name="expected">How many events there are, as far as that is known.</param>
    public static void CatchUp(SqliteConnection connection, int expected = 0)
    {
        var indexes = new SqliteUsageIndexes(connection, expected);
        indexes.ReadTenants();
        if (indexes.ReadTail() is { } last)
        {
            indexes.WriteKeys();
            indexes.WriteCustomers();
            indexes.WriteTimes();
            var progress = SqliteStatement.Of(connection, "update billing_usage_progress set indexed = ?1");
            progress.Bind(1, last);
            progress.Run();
        }
    }

    private void ReadTenants()
    {
        var rows = SqliteStatement.Of(_connection, "select no, tenant_id from billing_usage_source");
        while (rows.Step())
        {
            _tenants[rows.Number(0)] = rows.Text(1);
        }

        rows.Reset();
    }

    private long? ReadTail()
    {
        long? last = null;
        var blocks = SqliteStatement.Of(_connection, SqliteUsageTail.Blocks);
        while (blocks.Step())
        {
            last = blocks.Number(0);
            Read(last.Value, blocks.Blob(1).ToArray());
        }

        blocks.Reset();
        return last;
    }

    private void Read(long block, byte[] bytes)
    {
        var events = SqliteUsageBlock.Open(bytes);
        for (var place = 0; !events.IsEmpty; place++)
        {
            var found = SqliteUsageBlock.Next(ref events);
            if (!found.IsEmpty)
            {
                var item = new SqliteUsageItem(found);
                var number = SqliteUsageBlock.Number(block, place);
                item.Id.Overlaps(bytes, out var before);
                _keys.Add((item.Source, bytes.AsMemory(-before, item.Id.Length), number));
                _times.Add((_tenants[item.Source], item.At, number));
                if (!item.Customer.IsEmpty)
                {
                    _customers.Add((BinaryPrimitives.ReadUInt128BigEndian(item.Customer), item.At, number));
                }
            }
        }
    }

    // The one place where a key becomes part of the unique index: a second one would fail it, and with it the whole transaction.
    private void WriteKeys()
    {
        Sort(_keys, static (left, right) => left.Source.CompareTo(right.Source) is not 0 and var source ? source : left.Id.Span.SequenceCompareTo(right.Id.Span));
        var insert = SqliteStatement.Of(_connection, "insert into billing_usage_key (source_no, id, seq) values (?1, ?2, ?3)");
        foreach (var (source, id, number) in _keys)
        {
            insert.Bind(1, source);
            insert.BindText(2, id.Span);
            insert.Bind(3, number);
            insert.Run();
        }
    }

    private void WriteCustomers()
    {
        Sort(_customers, static (left, right) =>
            left.Customer.CompareTo(right.Customer) is not 0 and var customer ? customer
            : left.At.CompareTo(right.At) is not 0 and var at ? at
            : left.Number.CompareTo(right.Number));
        var insert = SqliteStatement.Of(_connection, "insert into billing_usage_customer (customer_id, at, seq) values (?1, ?2, ?3)");
        for (var i = 0; i < _customers.Count; i++)
        {
            var (customer, at, number) = _customers[i];
            if (i == 0 || customer != _customers[i - 1].Customer)
            {
                insert.Bind(1, EntityId.Format(CustomerId.Prefix, customer));
            }

            insert.Bind(2, at);
            insert.Bind(3, number);
            insert.Run();
        }
    }

    private void WriteTimes()
    {
        Sort(_times, static (left, right) =>
            string.CompareOrdinal(left.Tenant, right.Tenant) is not 0 and var tenant ? tenant
            : left.At.CompareTo(right.At) is not 0 and var at ? at
            : left.Number.CompareTo(right.Number));
        var insert = SqliteStatement.Of(_connection, "insert into billing_usage_time (tenant_id, at, seq) values (?1, ?2, ?3)");
        for (var i = 0; i < _times.Count; i++)
        {
            var (tenant, at, number) = _times[i];
            if (i == 0 || !ReferenceEquals(tenant, _times[i - 1].Tenant))
            {
                insert.Bind(1, tenant);
            }

            insert.Bind(2, at);
            insert.Bind(3, number);
            insert.Run();
        }
    }

    // Often they come in order: to see that costs less than to sort them.
    private static void Sort<T>(List<T> entries, Comparison<T> order)
    {
        for (var i = 1; i < entries.Count; i++)
        {
            if (order(entries[i - 1], entries[i]) > 0)
            {
                entries.Sort(order);
                return;
            }
        }
    }
}
