using System.Buffers.Binary;
using System.Text;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>
/// Events that are written as one row: a format byte, then each event behind its length. The number of an event is that of its block, times <see cref="Most"/>, and its place in it.
/// </summary>
internal sealed class SqliteUsageBlock
{
    /// <summary>How many events a block has at the most: a power of two, since numbers are taken apart by bits.</summary>
    public const int Most = 64;

    /// <summary>Finds a block by its number.</summary>
    public const string Select = "select events from billing_usage_block where no = ?1";

    // With its row's header it still fits into one page of 4,096 bytes.
    private const int Full = 4_040;
    private const int LengthBytes = 4;
    private const byte Format = 1;
    private byte[] _bytes = new byte[2 * Full];
    private int _length;

    public SqliteUsageBlock() => Clear();

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Clear() => (_length, Count, _bytes[0]) = (1, 0, Format);

    /// <summary>Leaves a place empty.</summary>
    public void Skip()
    {
        Begin();
        End(_length - LengthBytes);
    }

    /// <summary>Adds an event; false where the block has to be written before, since it would not fit into its page.</summary>
    public bool TryAdd(in SqliteUsageParts parts)
    {
        if (Count == Most)
        {
            return false;
        }

        var (length, count) = (_length, Count);
        Add(parts);
        if (count == 0 || _length <= Full)
        {
            return true;
        }

        (_length, Count) = (length, count);
        return false;
    }

    /// <summary>Adds an event, however long it is.</summary>
    public void Add(in SqliteUsageParts parts)
    {
        Begin();
        var start = _length - LengthBytes;
        var flags = (parts.Customer is null ? SqliteUsageFlags.None : SqliteUsageFlags.Customer) | (parts.Subscription is null ? SqliteUsageFlags.None : SqliteUsageFlags.Subscription);
        Reserve(64)[0] = (byte)flags;
        _length++;
        Write(parts.At);
        Write(parts.RecordedAt);
        Write(parts.Source);
        Write(parts.Customer);
        Write(parts.Subscription);
        Write(parts.Metrics.Length);
        foreach (var metric in parts.Metrics)
        {
            Write(metric);
        }

        Write(parts.Hash);
        Write(parts.Id);
        Write(parts.Type);
        Write(parts.CustomerName);
        Write(parts.Properties);
        End(start);
    }

    /// <summary>The event at a place; nothing where that is empty, or after the last.</summary>
    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> block, int place)
    {
        for (var events = Open(block); !events.IsEmpty; place--)
        {
            var item = Next(ref events);
            if (place == 0)
            {
                return item;
            }
        }

        return [];
    }

    /// <summary>The key and the content hash of the event of a number.</summary>
    public static (long Source, string Id, string Hash) Read(sqlite3 database, long number)
    {
        var block = SqliteStatement.Of(database, Select);
        block.Bind(1, number / Most);
        block.Step();
        var item = new SqliteUsageItem(At(block.Blob(0), (int)(number % Most)));
        var found = (item.Source, Encoding.UTF8.GetString(item.Id), Encoding.ASCII.GetString(item.Hash));
        block.Reset();
        return found;
    }

    /// <summary>The event of a key among those that may have it; null where none does.</summary>
    public static (long Number, string Hash)? Find(sqlite3 database, List<long> numbers, long source, string id)
    {
        foreach (var number in numbers)
        {
            var known = Read(database, number);
            if (known.Source == source && known.Id == id)
            {
                return (number, known.Hash);
            }
        }

        return null;
    }

    /// <summary>What follows the format byte.</summary>
    public static ReadOnlySpan<byte> Open(ReadOnlySpan<byte> block) => block[0] is Format ? block[1..] : throw new InvalidOperationException("A later version of this program wrote these events.");

    /// <summary>The next event, which is empty where its place is.</summary>
    public static ReadOnlySpan<byte> Next(scoped ref ReadOnlySpan<byte> events)
    {
        var end = LengthBytes + BinaryPrimitives.ReadInt32LittleEndian(events);
        var item = events[LengthBytes..end];
        events = events[end..];
        return item;
    }

    /// <summary>The event's number.</summary>
    public static long Number(long block, int place) => (block * Most) + place;

    private void Begin()
    {
        Reserve(LengthBytes);
        _length += LengthBytes;
        Count++;
    }

    private void End(int start) => BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start), _length - start - LengthBytes);

    private void Write(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Reserve(sizeof(long)), number);
        _length += sizeof(long);
    }

    private void Write(Guid? id)
    {
        if (id is { } known)
        {
            known.TryWriteBytes(Reserve(SqliteUsageItem.IdLength), bigEndian: true, out var written);
            _length += written;
        }
    }

    private void Write(int number)
    {
        for (var rest = (uint)number; ; rest >>= 7)
        {
            Reserve(1)[0] = (byte)(rest < 0x80 ? rest : (rest & 0x7F) | 0x80);
            _length++;
            if (rest < 0x80)
            {
                return;
            }
        }
    }

    private void Write(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Write(length);
        _length += Encoding.UTF8.GetBytes(text, Reserve(length));
    }

    private Span<byte> Reserve(int length)
    {
        if (_length + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + length));
        }

        return _bytes.AsSpan(_length);
    }
}

/// <summary>What a block keeps of an event.</summary>
internal readonly ref struct SqliteUsageParts
{
    public required long Source { get; init; }
    public required string Id { get; init; }
    public required string Type { get; init; }
    public required string CustomerName { get; init; }
    public required Guid? Customer { get; init; }
    public required Guid? Subscription { get; init; }
    public required long At { get; init; }
    public required long RecordedAt { get; init; }
    public required string Properties { get; init; }
    public required string Hash { get; init; }
    public required ReadOnlySpan<Guid> Metrics { get; init; }
}
