using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Finds events of one tenant by their keys, where the indexes have caught up.</summary>
internal sealed class SqliteKeyLookup(sqlite3 database, string tenant)
{
    private readonly SqliteKeyRuns _runs = new(database);
    private readonly List<long> _found = [];

    /// <summary>The number of the event, which may be archived; null where there is none.</summary>
    public long? Find(string source, string id)
    {
        var sources = SqliteStatement.Of(database, "select no from billing_usage_source where tenant_id = ?1 and source = ?2");
        sources.Bind(1, tenant);
        sources.Bind(2, source);
        if (sources.Find() is not { } no)
        {
            return null;
        }

        _found.Clear();
        _runs.Find(SqliteKeyHash.Of(no, id), _found);
        return SqliteUsageBlock.Find(database, _found, no, id)?.Number;
    }
}
