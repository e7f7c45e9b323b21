using System.Collections.Concurrent;
using System.Text.Json;

namespace BillApis.Storage.Sql;

/// <summary>What bodies of one kind were read as: few things that are read all the time are parsed once for as long as their bodies stay the same.</summary>
internal sealed class KnownBodies<T> where T : class
{
    private const int Size = 4_096;
    private readonly ConcurrentDictionary<string, T> _known = new(StringComparer.Ordinal);

    public T Read(string body)
    {
        if (_known.TryGetValue(body, out var known))
        {
            return known;
        }

        if (_known.Count >= Size)
        {
            _known.Clear();
        }

        return _known[body] = JsonSerializer.Deserialize<T>(body, BillingJson.Options)!;
    }
}
