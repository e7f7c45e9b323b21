using System.Text;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Writes a block anew where some of its events are given to a customer and to metrics.</summary>
internal static class SqliteUsageAssignment
{
    /// <summary>Says what is to be at a place in a block.</summary>
    public delegate SqliteUsageParts Place(int place, in SqliteUsageItem item);

    /// <summary>Gives events that the indexes have the customers and the metrics that they have now.</summary>
    public static void Write(SqliteConnection connection, IReadOnlyList<(long Number, UsageEntry Entry)> events)
    {
        var (left, entered) = (new SqliteUsageOwners(), new SqliteUsageOwners());
        foreach (var block in events.GroupBy(given => given.Number / SqliteUsageBlock.Most))
        {
            var places = block.ToDictionary(given => (int)(given.Number % SqliteUsageBlock.Most), given => given.Entry);
            Rewrite(connection, block.Key, (int place, in SqliteUsageItem item) =>
            {
                if (places.GetValueOrDefault(place) is not { } entry)
                {
                    return Parts(item, null);
                }

                var number = SqliteUsageBlock.Number(block.Key, place);
                left.Add(item, number);
                entered.Add(entry.Item.Customer!.Value.ToString(), item.At, number);
                return Parts(item, entry);
            });
        }

        left.Remove(connection);
        entered.Enter(connection);
    }

    /// <summary>Writes a block anew; places that are empty stay so.</summary>
    public static void Rewrite(SqliteConnection connection, long no, Place rewrite)
    {
        var block = new SqliteUsageBlock();
        var find = SqliteStatement.Of(connection, SqliteUsageBlock.Select);
        find.Bind(1, no);
        find.Step();
        var events = SqliteUsageBlock.Open(find.Blob(0));
        for (var place = 0; !events.IsEmpty; place++)
        {
            var bytes = SqliteUsageBlock.Next(ref events);
            if (bytes.IsEmpty)
            {
                block.Skip();
            }
            else
            {
                block.Add(rewrite(place, new SqliteUsageItem(bytes)));
            }
        }

        find.Reset();
        var update = SqliteStatement.Of(connection, "update billing_usage_block set events = ?2 where no = ?1");
        update.Bind(1, no);
        update.Bind(2, block.Bytes);
        update.Run();
    }

    /// <summary>An event as it lies there, or as it is given away.</summary>
    public static SqliteUsageParts Parts(in SqliteUsageItem item, UsageEntry? assigned) => new()
    {
        Source = item.Source, Id = Encoding.UTF8.GetString(item.Id), Type = Encoding.UTF8.GetString(item.Type), CustomerName = Encoding.UTF8.GetString(item.CustomerName),
        Customer = assigned is null ? Ids(item.Customer) is [var customer] ? customer : null : assigned.Item.Customer!.Value.Value,
        Subscription = Ids(item.Subscription) is [var subscription] ? subscription : null,
        At = item.At, RecordedAt = item.RecordedAt, Properties = Encoding.UTF8.GetString(item.Properties), Hash = Encoding.UTF8.GetString(item.Hash),
        Metrics = assigned is null ? Ids(item.Metrics) : [.. assigned.Open.Select(part => part.Metric.Id.Value)],
    };

    private static Guid[] Ids(ReadOnlySpan<byte> bits)
    {
        var ids = new Guid[bits.Length / SqliteUsageItem.IdLength];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = new Guid(bits[(i * SqliteUsageItem.IdLength)..][..SqliteUsageItem.IdLength], bigEndian: true);
        }

        return ids;
    }
}
