using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>
/// The keys of all events that the indexes have, as a transaction sees them: runs, of which several of one size are merged into one, so that a key is written a few times in all and
/// found in one of few places.
/// </summary>
internal sealed class SqliteKeyRuns
{
    private const int RunsOfSize = 4;

    // To merge more than that would keep writers waiting, and whoever has so many keys has the memory for a few filters more.
    private const int Largest = 1 << 19;

    private readonly sqlite3 _database;
    private readonly List<SqliteKeyRun> _runs = [];
    private readonly SqliteStatement _page;

    /// <param name="database">Where they are.</param>
    /// <param name="filters">What is remembered of them; none for a few lookups.</param>
    /// <param name="lookups">How many keys will be looked up.</param>
    public SqliteKeyRuns(sqlite3 database, SqliteKeyFilters? filters = null, int lookups = 0)
    {
        (_database, _page) = (database, SqliteStatement.Of(database, "select keys from billing_usage_key_page where no = ?1"));
        var rows = SqliteStatement.Of(database, "select no, stamp, pages, keys from billing_usage_key_run order by no");
        while (rows.Step())
        {
            _runs.Add(new SqliteKeyRun(rows.Number(0), rows.Number(1), rows.Number(2), rows.Number(3)));
        }

        rows.Reset();
        filters?.Attach(database, _runs, lookups);
    }

    /// <summary>Adds the numbers of the events whose keys have a hash: nearly always none or the one that is looked for.</summary>
    public void Find(ulong hash, List<long> numbers)
    {
        foreach (var run in _runs)
        {
            if (run.Filter is null || run.Filter.MayHave(hash))
            {
                run.Find(_page, hash, numbers);
            }
        }
    }

    /// <summary>Adds keys that no run has.</summary>
    public void Add(SqliteSortedKeys keys)
    {
        while (SizeOf(keys.Count) is var size && _runs.AsEnumerable().Reverse().TakeWhile(run => run.Keys < Largest && SizeOf(run.Keys) <= size).ToList() is { Count: >= RunsOfSize - 1 } peers)
        {
            foreach (var peer in peers)
            {
                keys = keys.Merge(peer.Read(_database));
                peer.Delete(_database);
                _runs.Remove(peer);
            }
        }

        _runs.Add(SqliteKeyRun.Write(_database, keys));
    }

    private static int SizeOf(long keys) => (int)long.Log2(keys) / int.Log2(RunsOfSize);
}
