using System.Buffers.Binary;

namespace BillApis.Sqlite;

/// <summary>One event of a <see cref="SqliteUsageBlock"/>, read where it lies.</summary>
internal readonly ref struct SqliteUsageItem
{
    public const int IdLength = 16;

    public SqliteUsageItem(ReadOnlySpan<byte> bytes)
    {
        var flags = (SqliteUsageFlags)bytes[0];
        At = BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]);
        RecordedAt = BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]);
        Source = BinaryPrimitives.ReadInt64LittleEndian(bytes[17..]);
        bytes = bytes[25..];
        Customer = Take(ref bytes, flags.HasFlag(SqliteUsageFlags.Customer) ? IdLength : 0);
        Subscription = Take(ref bytes, flags.HasFlag(SqliteUsageFlags.Subscription) ? IdLength : 0);
        Metrics = Take(ref bytes, Number(ref bytes) * IdLength);
        Hash = Text(ref bytes);
        Id = Text(ref bytes);
        Type = Text(ref bytes);
        CustomerName = Text(ref bytes);
        Properties = Text(ref bytes);
    }

    public long At { get; }

    public long RecordedAt { get; }

    /// <summary>The number in <c>billing_usage_source</c>.</summary>
    public long Source { get; }

    /// <summary>The bits of an id, or nothing; so are the next, and of the third there may be many.</summary>
    public ReadOnlySpan<byte> Customer { get; }

    public ReadOnlySpan<byte> Subscription { get; }

    public ReadOnlySpan<byte> Metrics { get; }

    public ReadOnlySpan<byte> Hash { get; }

    public ReadOnlySpan<byte> Id { get; }

    public ReadOnlySpan<byte> Type { get; }

    public ReadOnlySpan<byte> CustomerName { get; }

    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>An id as text.</summary>
    public static string IdOf<TId>(ReadOnlySpan<byte> bits) where TId : struct, IEntityId<TId> => EntityId.Format(TId.Of(new Guid(bits, bigEndian: true)));

    private static ReadOnlySpan<byte> Text(scoped ref ReadOnlySpan<byte> bytes) => Take(ref bytes, Number(ref bytes));

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> bytes, int length)
    {
        var taken = bytes[..length];
        bytes = bytes[length..];
        return taken;
    }

    private static int Number(scoped ref ReadOnlySpan<byte> bytes)
    {
        var (number, shift, at) = (0, 0, 0);
        do
        {
            number |= (bytes[at] & 0x7F) << shift;
            shift += 7;
        }
        while ((bytes[at++] & 0x80) != 0);
        bytes = bytes[at..];
        return number;
    }
}

/// <summary>What an event has that others have not.</summary>
[Flags]
internal enum SqliteUsageFlags : byte
{
    None = 0,
    Customer = 1,
    Subscription = 2,
}
