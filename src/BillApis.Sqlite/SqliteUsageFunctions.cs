using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>
/// What SQL needs to find events and to look into a <see cref="SqliteUsageBlock"/>: <c>billing_event_number(tenant, source, id)</c>, <c>billing_slice(events)</c> and <c>billing_event(block, place, column)</c>;
/// and what a migration makes blocks with.
/// </summary>
internal static class SqliteUsageFunctions
{
    private const int PackedColumns = 12;

    public static void Register(SqliteConnection connection)
    {
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_create_function(connection.Handle, "billing_event", 3, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) => Guard(context, () => Answer(context, arguments))),
            connection.Handle);
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_create_function(
                connection.Handle, "billing_event_block", PackedColumns, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null,
                static (context, _, arguments) => Guard(context, () => Collect(context, arguments)), static (context, _) => Guard(context, () => Pack(context))),
            connection.Handle);
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_create_function(connection.Handle, "billing_slice", 1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, static (context, _, arguments) => Guard(context, () => Slice(context, arguments))),
            connection.Handle);
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_create_function(connection.Handle, "billing_event_number", 3, raw.SQLITE_UTF8, connection.Handle, static (context, database, key) => Guard(context, () => Find(context, (sqlite3)database, key))),
            connection.Handle);
    }

    private static void Slice(sqlite3_context context, sqlite3_value[] arguments) => raw.sqlite3_result_text(context, SqliteUsageSlice.Json(raw.sqlite3_value_blob(arguments[0])));

    private static void Find(sqlite3_context context, sqlite3 database, sqlite3_value[] key)
    {
        if (new SqliteKeyLookup(database, raw.sqlite3_value_text(key[0]).utf8_to_string()).Find(raw.sqlite3_value_text(key[1]).utf8_to_string(), raw.sqlite3_value_text(key[2]).utf8_to_string()) is { } number)
        {
            raw.sqlite3_result_int64(context, number);
        }
        else
        {
            raw.sqlite3_result_null(context);
        }
    }

    private static void Answer(sqlite3_context context, sqlite3_value[] arguments)
    {
        var bytes = SqliteUsageBlock.At(raw.sqlite3_value_blob(arguments[0]), raw.sqlite3_value_int(arguments[1]));
        if (bytes.IsEmpty)
        {
            raw.sqlite3_result_null(context);
            return;
        }

        var item = new SqliteUsageItem(bytes);
        var column = raw.sqlite3_value_blob(arguments[2]);
        if (Number(item, column) is { } number)
        {
            raw.sqlite3_result_int64(context, number);
        }
        else if (column.SequenceEqual("customer_id"u8) && item.Customer.IsEmpty)
        {
            raw.sqlite3_result_null(context);
        }
        else
        {
            Text(context, Column(item, column));
        }
    }

    private static long? Number(in SqliteUsageItem item, ReadOnlySpan<byte> column) =>
        column.SequenceEqual("at"u8) ? item.At
        : column.SequenceEqual("recorded_at"u8) ? item.RecordedAt
        : column.SequenceEqual("source_no"u8) ? item.Source
        : null;

    private static ReadOnlySpan<byte> Column(in SqliteUsageItem item, ReadOnlySpan<byte> column) =>
        column.SequenceEqual("id"u8) ? item.Id
        : column.SequenceEqual("type"u8) ? item.Type
        : column.SequenceEqual("customer"u8) ? item.CustomerName
        : column.SequenceEqual("properties"u8) ? item.Properties
        : column.SequenceEqual("hash"u8) ? item.Hash
        : column.SequenceEqual("customer_id"u8) ? Encoding.ASCII.GetBytes(SqliteUsageItem.IdOf<CustomerId>(item.Customer))
        : column.SequenceEqual("subscription_id"u8) ? item.Subscription.IsEmpty ? [] : Encoding.ASCII.GetBytes(SqliteUsageItem.IdOf<SubscriptionId>(item.Subscription))
        : column.SequenceEqual("metrics"u8) ? Metrics(item.Metrics)
        : throw new InvalidOperationException($"An event has no column {Encoding.UTF8.GetString(column)}.");

    private static byte[] Metrics(ReadOnlySpan<byte> bits)
    {
        var metrics = new List<string>();
        for (; !bits.IsEmpty; bits = bits[SqliteUsageItem.IdLength..])
        {
            metrics.Add(SqliteUsageItem.IdOf<MetricId>(bits[..SqliteUsageItem.IdLength]));
        }

        return Encoding.ASCII.GetBytes(string.Join(' ', metrics));
    }

    private static void Text(sqlite3_context context, ReadOnlySpan<byte> text)
    {
        // An empty span has no address, which SQLite would take for null.
        if (text.IsEmpty)
        {
            raw.sqlite3_result_text(context, utf8z.FromString(""));
        }
        else
        {
            raw.sqlite3_result_text(context, text);
        }
    }

    private static void Collect(sqlite3_context context, sqlite3_value[] row)
    {
        string Column(int index) => raw.sqlite3_value_text(row[index]).utf8_to_string() ?? "";
        var places = (SortedDictionary<int, Row>)(context.state ??= new SortedDictionary<int, Row>());
        places.Add(raw.sqlite3_value_int(row[0]), new Row(
            raw.sqlite3_value_int64(row[1]), Column(2), Column(3), Column(4), Column(5) is "" ? null : EntityId.Parse<CustomerId>(Column(5)).Value,
            Column(6) is "" ? null : EntityId.Parse<SubscriptionId>(Column(6)).Value, raw.sqlite3_value_int64(row[7]), raw.sqlite3_value_int64(row[8]), Column(9), Column(10),
            [.. Column(11).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(metric => EntityId.Parse<MetricId>(metric).Value)]));
    }

    private static void Pack(sqlite3_context context)
    {
        var block = new SqliteUsageBlock();
        foreach (var (place, row) in (SortedDictionary<int, Row>)context.state)
        {
            while (block.Count < place)
            {
                block.Skip();
            }

            block.Add(new SqliteUsageParts
            {
                Source = row.Source, Id = row.Id, Type = row.Type, CustomerName = row.CustomerName, Customer = row.Customer, Subscription = row.Subscription,
                At = row.At, RecordedAt = row.RecordedAt, Properties = row.Properties, Hash = row.Hash, Metrics = row.Metrics,
            });
        }

        raw.sqlite3_result_blob(context, block.Bytes);
    }

    // An exception must not run through SQLite, which is not ours.
    private static void Guard(sqlite3_context context, Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or SqliteException)
        {
            raw.sqlite3_result_error(context, utf8z.FromString($"Stored events cannot be read: {exception.Message}"));
        }
    }

    private sealed record Row(
        long Source, string Id, string Type, string CustomerName, Guid? Customer, Guid? Subscription, long At, long RecordedAt, string Properties, string Hash, Guid[] Metrics);
}
