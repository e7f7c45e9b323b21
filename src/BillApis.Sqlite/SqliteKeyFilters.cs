using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>The filters of runs, those of the latest first, for as long as there is memory for them.</summary>
internal sealed class SqliteKeyFilters
{
    // To read a page among its neighbours costs a fraction of looking into it alone.
    private const int PagesPerLookup = 4;
    private readonly Dictionary<long, Known> _known = [];

    /// <summary>Gives runs their filters; one is made once a run was looked into about as long as it takes to read it whole.</summary>
    /// <param name="database">Where the runs are.</param>
    /// <param name="runs">All that there are.</param>
    /// <param name="lookups">How many keys will be looked up in them.</param>
    public void Attach(sqlite3 database, IReadOnlyList<SqliteKeyRun> runs, int lookups)
    {
        foreach (var gone in _known.Keys.Except(runs.Select(run => run.Stamp)).ToList())
        {
            _known.Remove(gone);
        }

        var room = Limits.KeyFilterBytes;
        foreach (var run in runs.Reverse())
        {
            var known = _known.TryGetValue(run.Stamp, out var found) ? found : _known[run.Stamp] = new Known();
            known.Lookups += lookups;
            room -= SqliteKeyFilter.BytesOf(run.Keys);
            run.Filter = known.Filter = room < 0 ? null : known.Filter ?? (known.Lookups * PagesPerLookup < run.Pages ? null : Make(database, run));
        }
    }

    private static SqliteKeyFilter Make(sqlite3 database, SqliteKeyRun run)
    {
        var filter = new SqliteKeyFilter(run.Keys);
        foreach (var hash in run.Read(database).Hashes)
        {
            filter.Add(hash);
        }

        return filter;
    }

    private sealed class Known
    {
        public long Lookups { get; set; }

        public SqliteKeyFilter? Filter { get; set; }
    }
}
