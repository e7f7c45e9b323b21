using System.Text;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>The keys of the events that the index does not have yet, as of the last transaction that this process committed.</summary>
internal sealed class SqliteUsageTail
{
    /// <summary>The blocks of the tail.</summary>
    public const string Blocks = "select no, events from billing_usage_block where no > (select indexed from billing_usage_progress) order by no";

    private readonly Dictionary<(TenantId, string), long> _sources = [];
    private readonly SqliteTailKeys _keys = new();
    private long _indexed;
    private long _last;

    /// <summary>The keys as the transaction sees them; it must be the one that writes.</summary>
    public SqliteUsageKeys Open(SqliteConnection connection, bool isFirst)
    {
        var progress = SqliteStatement.Of(connection, "select indexed, max(indexed, (select coalesce(max(no), 0) from billing_usage_block)) from billing_usage_progress");
        progress.Step();
        var (indexed, last) = (progress.Number(0), progress.Number(1));
        progress.Reset();
        var isKnown = (indexed, last) == (_indexed, _last) || (indexed == _indexed && last > _last);
        if (!isKnown && isFirst)
        {
            _keys.Clear();
        }

        var keys = isKnown || isFirst ? _keys : new SqliteTailKeys();
        var after = keys.Count == 0 ? indexed : _last;
        if (!isFirst)
        {
            // Some of it was appended in this very transaction and may yet be undone: it is not for others.
            var more = new SqliteTailKeys();
            Read(connection, after, last, more);
            return new SqliteUsageKeys(connection, indexed, last, [keys, more], new Dictionary<(TenantId, string), long>());
        }

        Read(connection, after, last, keys);
        (_indexed, _last) = (indexed, last);
        return new SqliteUsageKeys(connection, indexed, last, [keys], _sources);
    }

    /// <summary>Adds what a transaction appended, once it is committed; nothing where the tail has moved on since.</summary>
    public void Keep(SqliteUsageKeys seen, SqliteUsageAppended added)
    {
        if ((seen.IndexedLast, seen.Last) == (_indexed, _last))
        {
            foreach (var (hash, seq) in added.Keys)
            {
                _keys.Add(hash, seq);
            }

            _last = added.Last;
        }
    }

    private static void Read(SqliteConnection connection, long after, long last, SqliteTailKeys keys)
    {
        if (after < last)
        {
            var blocks = SqliteStatement.Of(connection, "select no, events from billing_usage_block where no > ?1");
            blocks.Bind(1, after);
            while (blocks.Step())
            {
                var events = SqliteUsageBlock.Open(blocks.Blob(1));
                for (var place = 0; !events.IsEmpty; place++)
                {
                    var item = new SqliteUsageItem(SqliteUsageBlock.Next(ref events));
                    keys.Add(SqliteTailKeys.HashOf(Encoding.UTF8.GetString(item.Id)), SqliteUsageBlock.Number(blocks.Number(0), place));
                }
            }

            blocks.Reset();
        }
    }
}

/// <summary>Looks keys up, in the tail and in the index, within one transaction.</summary>
internal sealed class SqliteUsageKeys(SqliteConnection connection, long indexed, long last, SqliteTailKeys[] tail, Dictionary<(TenantId, string), long> sources)
{
    // Running a statement costs as much as finding a key.
    private const int AtOnce = 64;
    private static readonly string FindMany = $"select id, seq from billing_usage_key where source_no = ?1 and id in ({string.Join(", ", Enumerable.Range(2, AtOnce).Select(i => $"?{i}"))})";

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

    // Whether the index has any key between the least and the greatest of these: ids that grow with time come after all that it has.
    private bool MayBeIndexed(long source, IEnumerable<UsageEntry> entries)
    {
        string? least = null, greatest = null;
        foreach (var entry in entries)
        {
            var id = entry.Key.Id;

            // SQLite orders by UTF-8 and this by UTF-16; the two agree on ASCII.
            if (!Ascii.IsValid(id))
            {
                return true;
            }

            least = least is null || string.CompareOrdinal(id, least) < 0 ? id : least;
            greatest = greatest is null || string.CompareOrdinal(id, greatest) > 0 ? id : greatest;
        }

        var between = SqliteStatement.Of(connection, "select 1 from billing_usage_key where source_no = ?1 and id between ?2 and ?3 limit 1");
        between.Bind(1, source);
        between.Bind(2, least);
        between.Bind(3, greatest);
        return between.Find() is not null;
    }

    /// <summary>The numbers of those that the index has.</summary>
    public IReadOnlyDictionary<string, long> Indexed(long source, IEnumerable<UsageEntry> entries)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        if (MayBeIndexed(source, entries))
        {
            var find = SqliteStatement.Of(connection, FindMany);
            find.Bind(1, source);
            foreach (var some in entries.Chunk(AtOnce))
            {
                for (var i = 0; i < AtOnce; i++)
                {
                    find.Bind(i + 2, i < some.Length ? some[i].Key.Id : null);
                }

                while (find.Step())
                {
                    found[find.Text(0)] = find.Number(1);
                }

                find.Reset();
            }
        }

        return found;
    }

    /// <summary>The hash of the event that is stored under a key; null where there is none.</summary>
    public string? HashOf(long source, string id, IReadOnlyDictionary<string, long> indexed) =>
        InTail(source, id) ?? (indexed.TryGetValue(id, out var seq) && TryRead(seq, source, id, out var hash) ? hash : null);

    private string? InTail(long source, string id)
    {
        var hash = SqliteTailKeys.HashOf(id);
        foreach (var keys in tail)
        {
            for (var step = keys.Find(hash, 0, out var seq); step >= 0; step = keys.Find(hash, step + 1, out seq))
            {
                if (TryRead(seq, source, id, out var found))
                {
                    return found;
                }
            }
        }

        return null;
    }

    // The content hash of the event of a number, where it is the one of a key.
    private bool TryRead(long seq, long source, string id, out string? hash)
    {
        var block = SqliteStatement.Of(connection, SqliteUsageBlock.Select);
        block.Bind(1, seq / SqliteUsageBlock.Most);
        block.Step();
        var item = new SqliteUsageItem(SqliteUsageBlock.At(block.Blob(0), (int)(seq % SqliteUsageBlock.Most)));
        var isKey = item.Source == source && Encoding.UTF8.GetString(item.Id) == id;
        hash = isKey ? Encoding.ASCII.GetString(item.Hash) : null;
        block.Reset();
        return isKey;
    }

    private long? Run(string sql, string tenant, string source)
    {
        var statement = SqliteStatement.Of(connection, sql);
        statement.Bind(1, tenant);
        statement.Bind(2, source);
        return statement.Find();
    }
}
