using System.Collections.Concurrent;
using BillApis.Storage;

namespace BillApis.AspNetCore;

/// <summary>What was read a second ago at most. Whoever changes it in this process says so, and the change counts at once.</summary>
internal sealed class Recent<TKey, TValue> where TKey : notnull
{
    private const long MaxAgeMilliseconds = 1_000;
    private const int MostEntries = 10_000;
    private readonly ConcurrentDictionary<TKey, Entry> _entries = [];
    private int _changes;

    public async ValueTask<TValue> GetAsync(TKey key, Func<Task<TValue>> read)
    {
        if (_entries.TryGetValue(key, out var known) && Environment.TickCount64 - known.At < MaxAgeMilliseconds)
        {
            return known.Value;
        }

        if (_entries.Count >= MostEntries)
        {
            _entries.Clear();
        }

        var (at, changes) = (Environment.TickCount64, Volatile.Read(ref _changes));
        var value = await read().ConfigureAwait(false);
        if (changes == Volatile.Read(ref _changes))
        {
            _entries[key] = new Entry(value, at);
        }

        return value;
    }

    public void Forget()
    {
        Clear();
        AnsweredWork.OnceStored(Clear);
    }

    private void Clear()
    {
        Interlocked.Increment(ref _changes);
        _entries.Clear();
    }

    private sealed record Entry(TValue Value, long At);
}
