namespace BillApis.Sqlite;

/// <summary>
/// Where keys may be in the log, by a hash of each: what is found is compared with the key that is there. Keys themselves would be objects, tens of thousands of
/// which each garbage collection had to look through and move.
/// </summary>
internal sealed class SqliteTailKeys
{
    private const int Least = 1_024;
    private (ulong Hash, long Number)[] _places = new (ulong, long)[Least];

    public int Count { get; private set; }

    public void Add(ulong hash, long number)
    {
        if (2 * ++Count > _places.Length)
        {
            Grow();
        }

        Put(hash, number);
    }

    /// <summary>Leaves nothing, and keeps the room: the next tail will be as long.</summary>
    public void Clear()
    {
        Array.Clear(_places);
        Count = 0;
    }

    /// <summary>Adds the numbers of the events whose keys have a hash.</summary>
    public void Find(ulong hash, List<long> numbers)
    {
        for (var step = 0; _places[Slot(hash, step)] is { Number: not 0 } place; step++)
        {
            if (place.Hash == hash)
            {
                numbers.Add(place.Number);
            }
        }
    }

    private void Put(ulong hash, long number)
    {
        var step = 0;
        while (_places[Slot(hash, step)].Number != 0)
        {
            step++;
        }

        _places[Slot(hash, step)] = (hash, number);
    }

    private void Grow()
    {
        var before = _places;
        _places = new (ulong, long)[2 * before.Length];
        foreach (var (hash, number) in before)
        {
            if (number != 0)
            {
                Put(hash, number);
            }
        }
    }

    private int Slot(ulong hash, int step) => (int)(unchecked(hash + (uint)step) & (uint)(_places.Length - 1));
}
