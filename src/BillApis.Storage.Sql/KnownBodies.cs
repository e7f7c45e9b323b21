using System.Collections.Concurrent;
using System.Text.Json;

namespace BillApis.Storage.Sql;

/// <summary>What bodies of one kind were read as: few things that are read all the time are parsed once for as long as their bodies stay the same.</summary>
internal sealed class KnownBodies<T> where T : class, IEntity<T>
{
    private const int Size = 4_096;
    private readonly ConcurrentDictionary<byte[], T> _known;
    private readonly ConcurrentDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _found;

    public KnownBodies()
    {
        _known = new ConcurrentDictionary<byte[], T>(new SameBytes());
        _found = _known.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>What the body says, in its version.</summary>
    public T Read(ReadOnlySpan<byte> body, long version)
    {
        if (_found.TryGetValue(body, out var known) && known.Version == version)
        {
            return known;
        }

        if (_known.Count >= Size)
        {
            _known.Clear();
        }

        return _found[body] = (known ?? JsonSerializer.Deserialize<T>(body, BillingJson.Options)!).WithVersion(version);
    }

    private sealed class SameBytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
