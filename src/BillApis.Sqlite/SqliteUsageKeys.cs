using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Looks keys up, in the tail and in the index, within one transaction.</summary>
internal sealed class SqliteUsageKeys(SqliteConnection connection, long indexed, long last, SqliteTailKeys[] tail, Dictionary<(TenantId, string), long> sources)
{
    private readonly List<long> _found = [];

    /// <summary>The number of the last block whose events the index has.</summary>
    public long IndexedLast => indexed;

    /// <summary>The number of the last block.</summary>
    public long Last => last;

    /// <summary>How many events the index does not have.</summary>
    public int Waiting => tail.Sum(keys => keys.Count);

    /// <summary>The number that stands for a tenant's source.</summary>
    public long Source(TenantId tenant, string source)
    {
        if (sources.TryGetValue((tenant, source), out var known))
        {
            return known;
        }

        if (Run("select no from billing_usage_source where tenant_id = ?1 and source = ?2", tenant.ToString(), source) is { } no)
        {
            return sources[(tenant, source)] = no;
        }

        // Not remembered: the transaction may yet be undone.
        return Run("insert into billing_usage_source (tenant_id, source) values (?1, ?2) returning no", tenant.ToString(), source)!.Value;
    }

    /// <summary>The content hash of the event that is stored under a key; null where there is none.</summary>
    public string? HashOf(SqliteKeyRuns runs, long source, string id, ulong hash)
    {
        _found.Clear();
        foreach (var keys in tail)
        {
            keys.Find(hash, _found);
        }

        runs.Find(hash, _found);
        return SqliteUsageBlock.Find(connection.Handle!, _found, source, id)?.Hash;
    }

    private long? Run(string sql, string tenant, string source)
    {
        var statement = SqliteStatement.Of(connection, sql);
        statement.Bind(1, tenant);
        statement.Bind(2, source);
        return statement.Find();
    }
}
