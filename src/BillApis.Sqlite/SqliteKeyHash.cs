using System.IO.Hashing;
using System.Text;

namespace BillApis.Sqlite;

/// <summary>What stands for the key of an event in the index of keys: the same in every process, for as long as the file is kept.</summary>
internal static class SqliteKeyHash
{
    private const int BytesPerCharacter = 3;

    public static ulong Of(long source, ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id, source);

    public static ulong Of(long source, string id)
    {
        Span<byte> bytes = id.Length <= Limits.CodeLength ? stackalloc byte[BytesPerCharacter * Limits.CodeLength] : new byte[BytesPerCharacter * id.Length];
        return Of(source, bytes[..Encoding.UTF8.GetBytes(id, bytes)]);
    }
}
