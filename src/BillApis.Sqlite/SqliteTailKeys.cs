namespace BillApis.Sqlite;

/// <summary>
/// Where keys may be in the log, by a hash of each: what is found is compared with the key that is there. Keys themselves would be objects, tens of thousands of
/// which each garbage collection had to look through and move.
/// </summary>
internal sealed class SqliteTailKeys
{
    private const int Least = 1_024;
    private (int Hash, long Number)[] _places = new (int, long)[Least];

    public int Count { get; private set; }

    /// <summary>The hash of a key; the source is left aside, since ids of two sources are seldom the same.</summary>
    public static int HashOf(string id) => id.GetHashCode(StringComparison.Ordinal);

    public void Add(int hash, long number)
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

    /// <summary>The first place at or after another, which is 0 at first, where an event of a hash is; negative where there is none.</summary>
    public int Find(int hash, int after, out long number)
    {
        for (var step = after; ; step++)
        {
            (var found, number) = _places[Slot(hash, step)];
            if (number == 0)
            {
                return -1;
            }

            if (found == hash)
            {
                return step;
            }
        }
    }

    private void Put(int hash, long number)
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
        _places = new (int, long)[2 * before.Length];
        foreach (var (hash, number) in before)
        {
            if (number != 0)
            {
                Put(hash, number);
            }
        }
    }

    private int Slot(int hash, int step) => (int)(unchecked((uint)hash + (uint)step) & (uint)(_places.Length - 1));
}
