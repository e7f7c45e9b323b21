using System.Buffers.Binary;
using System.Buffers.Text;
using BillApis.Storage.Sql.Metering;

namespace BillApis.Sqlite;

/// <summary>Events of one owner within one hour as one row: when each happened, and its number. As bytes: a format byte, what both are counted from, and two offsets an event.</summary>
internal static class SqliteUsageSlice
{
    // Two rows with their headers fit into one page of 4,096 bytes.
    private const int Most = 240;
    private const byte Format = 1;
    private const int HeadBytes = 1 + (2 * sizeof(long));
    private const int PairBytes = 2 * sizeof(uint);

    /// <summary>How many of events that are in order make one slice, from the first on.</summary>
    public static int Count(ReadOnlySpan<(long At, long Number)> events)
    {
        var (hour, least, greatest) = (events[0].At / UsageBucket.HourMicroseconds, events[0].Number, events[0].Number);
        for (var count = 1; count < Math.Min(events.Length, Most); count++)
        {
            (least, greatest) = (Math.Min(least, events[count].Number), Math.Max(greatest, events[count].Number));
            if (events[count].At / UsageBucket.HourMicroseconds != hour || greatest - least > uint.MaxValue)
            {
                return count;
            }
        }

        return Math.Min(events.Length, Most);
    }

    /// <summary>The bytes of a slice.</summary>
    public static ReadOnlySpan<byte> Write(ReadOnlySpan<(long At, long Number)> events, ref byte[] bytes)
    {
        var (length, least) = (HeadBytes + (events.Length * PairBytes), events[0].Number);
        foreach (var (_, number) in events)
        {
            least = Math.Min(least, number);
        }

        bytes = bytes.Length < length ? new byte[length] : bytes;
        bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), events[0].At);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1 + sizeof(long)), least);
        for (var i = 0; i < events.Length; i++)
        {
            var pair = bytes.AsSpan(HeadBytes + (i * PairBytes));
            BinaryPrimitives.WriteUInt32LittleEndian(pair, (uint)(events[i].At - events[0].At));
            BinaryPrimitives.WriteUInt32LittleEndian(pair[sizeof(uint)..], (uint)(events[i].Number - least));
        }

        return bytes.AsSpan(0, length);
    }

    /// <summary>The events of a slice.</summary>
    public static IEnumerable<(long At, long Number)> Read(byte[] slice)
    {
        for (var i = 0; i < CountOf(slice.Length); i++)
        {
            yield return At(slice, i);
        }
    }

    /// <summary>How many events are in so many bytes.</summary>
    public static int CountOf(int bytes) => (bytes - HeadBytes) / PairBytes;

    /// <summary>The events as JSON, which SQL takes apart: an object with the time of each by its number.</summary>
    public static ReadOnlySpan<byte> Json(ReadOnlySpan<byte> slice)
    {
        const int mostDigits = 20;
        var (json, length) = (new byte[2 + (CountOf(slice.Length) * ((2 * mostDigits) + 4))], 0);
        json[length++] = (byte)'{';
        for (var i = 0; i < CountOf(slice.Length); i++)
        {
            var (at, number) = At(slice, i);
            ",\""u8[(i == 0 ? 1 : 0)..].CopyTo(json.AsSpan(length));
            length += i == 0 ? 1 : 2;
            Utf8Formatter.TryFormat(number, json.AsSpan(length), out var digits);
            length += digits;
            "\":"u8.CopyTo(json.AsSpan(length));
            Utf8Formatter.TryFormat(at, json.AsSpan(length + 2), out digits);
            length += 2 + digits;
        }

        json[length++] = (byte)'}';
        return json.AsSpan(0, length);
    }

    private static (long At, long Number) At(ReadOnlySpan<byte> slice, int place)
    {
        _ = slice[0] is Format ? 0 : throw new InvalidOperationException("A later version of this program wrote when these events happened.");
        var pair = slice[(HeadBytes + (place * PairBytes))..];
        return (
            BinaryPrimitives.ReadInt64LittleEndian(slice[1..]) + BinaryPrimitives.ReadUInt32LittleEndian(pair),
            BinaryPrimitives.ReadInt64LittleEndian(slice[(1 + sizeof(long))..]) + BinaryPrimitives.ReadUInt32LittleEndian(pair[sizeof(uint)..]));
    }
}
