using System.Buffers.Binary;

namespace BillApis.Sqlite;

/// <summary>Hashes of keys in order, each with the number of its event; as bytes, one pair after the other.</summary>
internal sealed class SqliteSortedKeys(ulong[] hashes, long[] numbers)
{
    /// <summary>How many bytes a pair takes.</summary>
    public const int PairBytes = 2 * sizeof(ulong);

    public int Count => hashes.Length;

    public ReadOnlySpan<ulong> Hashes => hashes;

    public ReadOnlySpan<long> Numbers => numbers;

    public static SqliteSortedKeys Sort(ulong[] hashes, long[] numbers)
    {
        Array.Sort(hashes, numbers);
        return new SqliteSortedKeys(hashes, numbers);
    }

    /// <summary>The keys of both.</summary>
    public SqliteSortedKeys Merge(SqliteSortedKeys other)
    {
        var (left, right, merged) = (0, 0, new SqliteSortedKeys(new ulong[Count + other.Count], new long[Count + other.Count]));
        for (var i = 0; i < merged.Count; i++)
        {
            var isLeft = right == other.Count || (left < Count && hashes[left] <= other.Hashes[right]);
            merged.Set(i, isLeft ? hashes[left] : other.Hashes[right], isLeft ? numbers[left++] : other.Numbers[right++]);
        }

        return merged;
    }

    /// <summary>Takes pairs in from a place on.</summary>
    /// <returns>The place after them.</returns>
    public int Read(int place, ReadOnlySpan<byte> pairs)
    {
        for (; !pairs.IsEmpty; pairs = pairs[PairBytes..])
        {
            Set(place++, HashAt(pairs), NumberAt(pairs));
        }

        return place;
    }

    /// <summary>Writes pairs out.</summary>
    public ReadOnlySpan<byte> Write(int first, int end, Span<byte> bytes)
    {
        for (var i = first; i < end; i++)
        {
            var rest = bytes[((i - first) * PairBytes)..];
            BinaryPrimitives.WriteUInt64LittleEndian(rest, hashes[i]);
            BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(ulong)..], numbers[i]);
        }

        return bytes[..((end - first) * PairBytes)];
    }

    /// <summary>Adds the numbers that pairs have for a hash.</summary>
    public static void Find(ReadOnlySpan<byte> pairs, ulong hash, List<long> numbers)
    {
        for (; !pairs.IsEmpty && HashAt(pairs) <= hash; pairs = pairs[PairBytes..])
        {
            if (HashAt(pairs) == hash)
            {
                numbers.Add(NumberAt(pairs));
            }
        }
    }

    private static ulong HashAt(ReadOnlySpan<byte> pairs) => BinaryPrimitives.ReadUInt64LittleEndian(pairs);

    private static long NumberAt(ReadOnlySpan<byte> pairs) => BinaryPrimitives.ReadInt64LittleEndian(pairs[sizeof(ulong)..]);

    private void Set(int place, ulong hash, long number) => (hashes[place], numbers[place]) = (hash, number);
}
