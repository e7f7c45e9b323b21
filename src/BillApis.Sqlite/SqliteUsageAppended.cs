using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Writes events into new blocks at the end of the log, and knows the number of each.</summary>
internal sealed class SqliteUsageAppended
{
    private readonly SqliteStatement _insert;
    private readonly SqliteUsageBlock _block;
    private readonly List<(ulong Hash, long Number)> _keys;

    public SqliteUsageAppended(SqliteConnection connection, SqliteUsageBlock block, long last, int count)
    {
        (_block, Last, _keys) = (block, last, new(count));
        _insert = SqliteStatement.Of(connection, "insert into billing_usage_block (no, events) values (?1, ?2)");
        block.Clear();
    }

    /// <summary>The number of the last block.</summary>
    public long Last { get; private set; }

    /// <summary>The hash of each key, and the number of its event.</summary>
    public List<(ulong Hash, long Number)> Keys => _keys;

    public void Add(long source, UsageEntry entry, ulong hash)
    {
        Span<Guid> metrics = stackalloc Guid[entry.Open.Length];
        for (var i = 0; i < metrics.Length; i++)
        {
            metrics[i] = entry.Open[i].Metric.Id.Value;
        }

        var (stamped, item) = (entry.Item, entry.Item.Event);
        var parts = new SqliteUsageParts
        {
            Source = source, Id = item.Id, Type = item.Type, CustomerName = item.Customer, Customer = stamped.Customer?.Value, Subscription = item.SubscriptionId?.Value,
            At = stamped.At.ToMicroseconds(), RecordedAt = stamped.RecordedAt.ToMicroseconds(), Properties = entry.Properties, Hash = stamped.Hash, Metrics = metrics,
        };
        if (!_block.TryAdd(parts))
        {
            Write();
            _block.Add(parts);
        }

        _keys.Add((hash, SqliteUsageBlock.Number(Last + 1, _block.Count - 1)));
    }

    /// <summary>Writes what is not written yet.</summary>
    public void Write()
    {
        if (_block.Count > 0)
        {
            _insert.Bind(1, ++Last);
            _insert.Bind(2, _block.Bytes);
            _insert.Run();
            _block.Clear();
        }
    }
}
