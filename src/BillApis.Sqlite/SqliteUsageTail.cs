using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>The keys of the events that the index does not have yet, as of the last transaction that this process committed.</summary>
internal sealed class SqliteUsageTail
{
    private const int MostSources = 10_000;
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
        if (_sources.Count > MostSources)
        {
            _sources.Clear();
        }

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
                    var found = SqliteUsageBlock.Next(ref events);
                    if (!found.IsEmpty)
                    {
                        var item = new SqliteUsageItem(found);
                        keys.Add(SqliteKeyHash.Of(item.Source, item.Id), SqliteUsageBlock.Number(blocks.Number(0), place));
                    }
                }
            }

            blocks.Reset();
        }
    }
}
