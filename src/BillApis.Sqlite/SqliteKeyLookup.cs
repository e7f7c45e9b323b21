using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Finds one event by its key, where the indexes have caught up.</summary>
internal static class SqliteKeyLookup
{
    /// <summary>The number of the event, which may be archived; null where there is none.</summary>
    public static long? Find(sqlite3 database, string tenant, string source, string id)
    {
        var sources = SqliteStatement.Of(database, "select no from billing_usage_source where tenant_id = ?1 and source = ?2");
        sources.Bind(1, tenant);
        sources.Bind(2, source);
        if (sources.Find() is not { } no)
        {
            return null;
        }

        var found = new List<long>();
        new SqliteKeyRuns(database).Find(SqliteKeyHash.Of(no, id), found);
        foreach (var number in found)
        {
            var known = SqliteUsageBlock.Read(database, number);
            if (known.Source == no && known.Id == id)
            {
                return number;
            }
        }

        return null;
    }
}
