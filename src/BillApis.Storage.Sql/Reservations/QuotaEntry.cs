using System.Buffers;
using System.Text;
using System.Text.Json;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>
/// What a commit changed, as one text of the journal: the quotas that moved, the reservations that were made, which name their quotas by place, and what became of older ones. As short as it
/// can be, since it is written with every commit and read after a crash alone.
/// </summary>
internal static class QuotaEntry
{
    public static string Write(QuotaBatch batch)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using var json = new Utf8JsonWriter(buffer);
        var places = new Dictionary<QuotaKey, int>();
        json.WriteStartArray();
        json.WriteStartArray();
        foreach (var (key, state) in batch.Moved)
        {
            places.Add(key, places.Count);
            Write(json, key.Customer.ToString(), key.Subject, key.Start.ToMicroseconds(), Exact.Format(state.Count.Used), Exact.Format(state.Count.Reserved), state.NextExpiry?.ToMicroseconds());
        }

        json.WriteEndArray();
        json.WriteStartArray();
        foreach (var (item, _) in batch.Written.Where(written => written.IsNew))
        {
            Write(
                json, item.Id.ToString(), places[item.Quota], Exact.Format(item.Quantity), Text(item.Limit), EntityMaps.Wire(item.State), Text(item.Actual), item.ExpiresAt.ToMicroseconds(),
                item.AlsoQuota is { } also ? places[also] : default(SqlValue), Text(item.Also?.Limit));
        }

        json.WriteEndArray();
        json.WriteStartArray();
        foreach (var (item, _) in batch.Written.Where(written => !written.IsNew))
        {
            Write(json, item.Id.ToString(), EntityMaps.Wire(item.State), Text(item.Actual));
        }

        json.WriteEndArray();
        json.WriteEndArray();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The rows that an entry speaks of, in the columns of <see cref="QuotaChanges"/>.</summary>
    public static (List<SqlValue[]> Added, List<SqlValue[]> Changed, List<SqlValue[]> Moved) Read(string entry)
    {
        using var json = JsonDocument.Parse(entry);
        var parts = json.RootElement.EnumerateArray().Select(Rows).ToList();
        var (moved, made, changed) = (parts[0], parts[1], parts[2]);
        return ([.. made.Select(row => Whole(row, moved[(int)row[1].Number!.Value], row[7].Number is { } also ? moved[(int)also][1] : default))], changed, moved);
    }

    private static SqlValue[] Whole(SqlValue[] row, SqlValue[] quota, SqlValue also) => [row[0], quota[0], quota[1], quota[2], row[2], row[3], row[4], row[5], row[6], also, row[8]];

    private static List<SqlValue[]> Rows(JsonElement part) => [.. part.EnumerateArray().Select(row => row.EnumerateArray()
        .Select(value => value.ValueKind switch { JsonValueKind.Null => default, JsonValueKind.Number => (SqlValue)value.GetInt64(), _ => (SqlValue)value.GetString() }).ToArray())];

    private static SqlValue Text(decimal? amount) => amount is { } known ? Exact.Format(known) : null;

    private static void Write(Utf8JsonWriter json, params ReadOnlySpan<SqlValue> row)
    {
        json.WriteStartArray();
        foreach (var value in row)
        {
            value.WriteTo(json);
        }

        json.WriteEndArray();
    }
}
