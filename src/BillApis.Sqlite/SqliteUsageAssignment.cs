using System.Text;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Writes a block anew where one of its events is given to a customer and to metrics.</summary>
internal static class SqliteUsageAssignment
{
    /// <summary>Says what is to be at a place in a block.</summary>
    public delegate SqliteUsageParts Place(int place, in SqliteUsageItem item);

    /// <summary>Gives an event that the indexes have the customer and the metrics that it has now.</summary>
    public static void Write(SqliteConnection connection, long seq, UsageEntry entry)
    {
        var (assigned, at) = ((int)(seq % SqliteUsageBlock.Most), 0L);
        Rewrite(connection, seq / SqliteUsageBlock.Most, (int place, in SqliteUsageItem item) =>
        {
            if (place == assigned)
            {
                at = item.At;
                Leave(connection, item, seq);
            }

            return Parts(item, place == assigned ? entry : null);
        });
        Run(connection, "insert or ignore into billing_usage_customer (customer_id, at, seq) values (?1, ?2, ?3)", entry.Item.Customer!.Value.ToString(), at, seq);
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

    private static void Leave(SqliteConnection connection, in SqliteUsageItem item, long seq)
    {
        if (!item.Customer.IsEmpty)
        {
            Run(connection, "delete from billing_usage_customer where customer_id = ?1 and at = ?2 and seq = ?3", SqliteUsageItem.IdOf<CustomerId>(item.Customer), item.At, seq);
        }
    }

    private static void Run(SqliteConnection connection, string sql, string customer, long at, long seq)
    {
        var statement = SqliteStatement.Of(connection, sql);
        statement.Bind(1, customer);
        statement.Bind(2, at);
        statement.Bind(3, seq);
        statement.Run();
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
