using System.Buffers;
using System.Buffers.Text;
using System.Text;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;

namespace BillApis.Postgres;

/// <summary>Events as they are stored: a content for each month, where in it each event is, and where each customer's events of an hour are.</summary>
internal sealed class PostgresUsageBatch : IDisposable
{
    /// <summary>Ends a line, which is an event.</summary>
    public const byte LineEnd = 0x1e;

    private const byte FieldEnd = 0x1f;
    private const long HourMicroseconds = 3_600_000_000;
    private const int BytesOfEvent = 384;
    private byte[] _content;
    private int _written;

    /// <param name="entries">The events, whose order the places have.</param>
    public PostgresUsageBatch(IReadOnlyList<UsageEntry> entries)
    {
        (Places, _content) = (new Place[entries.Count], ArrayPool<byte>.Shared.Rent(entries.Count * BytesOfEvent));
        foreach (var month in Hours(entries).GroupBy(pair => PostgresUsageMonths.Of(pair.Key.Hour)).OrderBy(group => group.Key))
        {
            var (begin, first, last) = (_written, long.MaxValue, long.MinValue);
            foreach (var ((customer, hour), places) in month)
            {
                var (start, id) = (_written, customer?.ToString() ?? "");
                foreach (var i in places)
                {
                    var at = entries[i].Item.At.ToMicroseconds();
                    (first, last) = (Math.Min(first, at), Math.Max(last, at));
                    var line = _written;
                    Write(entries[i], id);
                    Places[i] = new Place(month.Key, line - begin, _written - line - 1);
                }

                if (customer is not null)
                {
                    Slices.Add(new Slice(id, hour, new Place(month.Key, start - begin, _written - start)));
                }
            }

            Months.Add(new Month(month.Key, first, last, begin, _written - begin));
        }
    }

    /// <summary>What is stored of each month.</summary>
    public List<Month> Months { get; } = [];

    /// <summary>Where each event is.</summary>
    public Place[] Places { get; }

    /// <summary>Where the events of each customer and hour are.</summary>
    public List<Slice> Slices { get; } = [];

    /// <summary>The content of a month, until the batch is disposed of.</summary>
    public ArraySegment<byte> Content(Month month) => new(_content, month.First, month.Length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_content);

    private static Dictionary<(CustomerId? Customer, long Hour), List<int>> Hours(IReadOnlyList<UsageEntry> entries)
    {
        var hours = new Dictionary<(CustomerId?, long), List<int>>();
        for (var i = 0; i < entries.Count; i++)
        {
            var key = (entries[i].Item.Customer, entries[i].Item.At.ToMicroseconds() / HourMicroseconds);
            if (!hours.TryGetValue(key, out var places))
            {
                hours[key] = places = [];
            }

            places.Add(i);
        }

        return hours;
    }

    // No text of a field has control characters: intake refuses them in names and ids, and JSON escapes them.
    private void Write(UsageEntry entry, string customer)
    {
        var item = entry.Item.Event;
        Write(item.Source, FieldEnd);
        Write(item.Id, FieldEnd);
        Write(item.Type, FieldEnd);
        Write(item.Customer, FieldEnd);
        Write(customer, FieldEnd);
        Write(item.SubscriptionId?.ToString() ?? "", FieldEnd);
        Write(entry.Item.At.ToMicroseconds());
        Write(entry.Item.RecordedAt.ToMicroseconds());
        Write(entry.Properties, FieldEnd);
        Write(entry.Metrics, LineEnd);
    }

    private void Write(string text, byte end)
    {
        Grow(Encoding.UTF8.GetMaxByteCount(text.Length) + 1);
        _written += Encoding.UTF8.GetBytes(text, _content.AsSpan(_written));
        _content[_written++] = end;
    }

    private void Write(long number)
    {
        Grow(24);
        _ = Utf8Formatter.TryFormat(number, _content.AsSpan(_written), out var length);
        _written += length;
        _content[_written++] = FieldEnd;
    }

    private void Grow(int bytes)
    {
        if (_content.Length - _written < bytes)
        {
            var more = ArrayPool<byte>.Shared.Rent((_content.Length * 2) + bytes);
            _content.AsSpan(0, _written).CopyTo(more);
            ArrayPool<byte>.Shared.Return(_content);
            _content = more;
        }
    }

    /// <summary>Bytes of the content of a month.</summary>
    public readonly record struct Place(long Month, int First, int Length);

    /// <summary>The events of a customer and hour.</summary>
    public readonly record struct Slice(string Customer, long Hour, Place Place);

    /// <summary>Which bytes are the content of a month, and when its first and last event happened.</summary>
    public readonly record struct Month(long Number, long FirstAt, long LastAt, int First, int Length);
}
