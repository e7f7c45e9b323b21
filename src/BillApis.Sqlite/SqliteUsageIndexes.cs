using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Enters the tail into the indexes, each in its own order and many rows with one statement: what lies together is written together.</summary>
internal sealed class SqliteUsageIndexes
{
    /// <summary>How many rows a statement enters: to run one costs more than to enter a row.</summary>
    private const int RowsPerStatement = 64;

    private const int IdBytes = 40;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<long, string> _tenants = [];
    private readonly List<Key> _keys;
    private readonly Dictionary<UInt128, List<(long At, long Number)>> _customers = [];
    private readonly Dictionary<string, List<(long At, long Number)>> _times = new(StringComparer.Ordinal);
    private byte[] _ids;
    private int _idBytes;

    private SqliteUsageIndexes(SqliteConnection connection, int expected) => (_connection, _keys, _ids) = (connection, new(expected), ArrayPool<byte>.Shared.Rent((1 + expected) * IdBytes));

    /// <param name="connection">The connection, within the transaction that writes.</param>
    /// <param name="expected">How many events there are, as far as that is known.</param>
    public static void CatchUp(SqliteConnection connection, int expected = 0)
    {
        var indexes = new SqliteUsageIndexes(connection, expected);
        indexes.ReadTenants();
        if (indexes.ReadTail() is { } last)
        {
            indexes.WriteKeys();
            indexes.Write("billing_usage_customer (customer_id, at, seq)", indexes._customers.OrderBy(pair => pair.Key).Select(pair => (EntityId.Format(CustomerId.Prefix, pair.Key), pair.Value)));
            indexes.Write("billing_usage_time (tenant_id, at, seq)", indexes._times.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
            var progress = SqliteStatement.Of(connection, "update billing_usage_progress set indexed = ?1");
            progress.Bind(1, last);
            progress.Run();
        }

        ArrayPool<byte>.Shared.Return(indexes._ids);
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
                var item = new SqliteUsageItem(found);
                var number = SqliteUsageBlock.Number(block, place);
                _keys.Add(new Key(item.Source, Keep(item.Id), item.Id.Length, number));
                Of(_times, _tenants[item.Source]).Add((item.At, number));
                if (!item.Customer.IsEmpty)
                {
                    Of(_customers, BinaryPrimitives.ReadUInt128BigEndian(item.Customer)).Add((item.At, number));
                }
            }
        }
    }

    private static List<(long At, long Number)> Of<TOwner>(Dictionary<TOwner, List<(long At, long Number)>> owners, TOwner owner) where TOwner : notnull =>
        CollectionsMarshal.GetValueRefOrAddDefault(owners, owner, out _) ??= [];

    private int Keep(ReadOnlySpan<byte> id)
    {
        if (_idBytes + id.Length > _ids.Length)
        {
            var more = ArrayPool<byte>.Shared.Rent((2 * _ids.Length) + id.Length);
            _ids.AsSpan(0, _idBytes).CopyTo(more);
            ArrayPool<byte>.Shared.Return(_ids);
            _ids = more;
        }

        id.CopyTo(_ids.AsSpan(_idBytes));
        _idBytes += id.Length;
        return _idBytes - id.Length;
    }

    private ReadOnlySpan<byte> Id(in Key key) => _ids.AsSpan(key.First, key.Length);

    // The one place where a key becomes part of the unique index: a second one would fail it, and undo the whole transaction.
    private void WriteKeys()
    {
        Sort(_keys, (left, right) => left.Source.CompareTo(right.Source) is not 0 and var source ? source : Id(left).SequenceCompareTo(Id(right)));
        Insert("billing_usage_key (source_no, id, seq)", _keys, (statement, place, key) =>
        {
            statement.Bind(place, key.Source);
            statement.BindText(place + 1, Id(key));
            statement.Bind(place + 2, key.Number);
        });
    }

    private void Write(string into, IEnumerable<(string Owner, List<(long At, long Number)> Events)> owners)
    {
        var rows = new List<(string Owner, long At, long Number)>(_keys.Count);
        foreach (var (owner, events) in owners)
        {
            Sort(events, static (left, right) => left.CompareTo(right));
            rows.AddRange(events.Select(item => (owner, item.At, item.Number)));
        }

        Insert(into, rows, static (statement, place, row) =>
        {
            statement.Bind(place, row.Owner);
            statement.Bind(place + 1, row.At);
            statement.Bind(place + 2, row.Number);
        });
    }

    private void Insert<T>(string into, List<T> rows, Action<SqliteStatement, int, T> bind)
    {
        var (one, many) = (Inserting(into, 1), Inserting(into, RowsPerStatement));
        for (var i = 0; i < rows.Count;)
        {
            var (statement, count) = rows.Count - i >= RowsPerStatement ? (many, RowsPerStatement) : (one, 1);
            for (var row = 0; row < count; row++, i++)
            {
                bind(statement, (3 * row) + 1, rows[i]);
            }

            statement.Run();
        }
    }

    private SqliteStatement Inserting(string into, int rows) =>
        SqliteStatement.Of(_connection, string.Create(CultureInfo.InvariantCulture, $"insert or rollback into {into} values {string.Join(", ", Enumerable.Repeat("(?, ?, ?)", rows))}"));

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

    /// <summary>A source, which bytes of the kept ids are the id, and the number of the event.</summary>
    private readonly record struct Key(long Source, int First, int Length, long Number);
}
