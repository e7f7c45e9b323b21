using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
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
    private const int BytesOfEvent = 384;
    private readonly Dictionary<MetricId, string> _metrics = [];
    private byte[] _content;
    private int _written;

    /// <param name="keys">The events, whose order the places have.</param>
    public PostgresUsageBatch(IReadOnlyList<PostgresUsageKey> keys)
    {
        (Places, _content) = (new Place[keys.Count], ArrayPool<byte>.Shared.Rent(keys.Count * BytesOfEvent));
        var (hours, next) = Hours(keys);
        foreach (var month in hours.GroupBy(pair => PostgresUsageMonths.Of(pair.Key.Hour)).OrderBy(group => group.Key))
        {
            var (begin, first, last) = (_written, long.MaxValue, long.MinValue);
            foreach (var ((customer, hour), chain) in month)
            {
                var (start, id) = (_written, customer?.ToString() ?? "");
                for (var i = chain.First; i >= 0; i = next[i])
                {
                    var (line, at) = (_written, keys[i].Entry.Item.At.ToMicroseconds());
                    (first, last) = (Math.Min(first, at), Math.Max(last, at));
                    Write(keys[i].Entry, id, at);
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

    // The first and the last event of each customer and hour, and of each event the next, or -1.
    private static (Dictionary<(CustomerId? Customer, long Hour), (int First, int Last)> Hours, int[] Next) Hours(IReadOnlyList<PostgresUsageKey> keys)
    {
        var (hours, next) = (new Dictionary<(CustomerId?, long), (int First, int Last)>(), new int[keys.Count]);
        for (var i = 0; i < next.Length; i++)
        {
            var item = keys[i].Entry.Item;
            ref var chain = ref CollectionsMarshal.GetValueRefOrAddDefault(hours, (item.Customer, item.At.ToMicroseconds() / UsageBucket.HourMicroseconds), out var exists);
            if (exists)
            {
                next[chain.Last] = i;
            }

            (next[i], chain) = (-1, (exists ? chain.First : i, i));
        }

        return (hours, next);
    }

    // No text of a field has control characters: intake refuses them in names and ids, and JSON escapes them.
    private void Write(UsageEntry entry, string customer, long at)
    {
        var item = entry.Item.Event;
        Write(item.Source, FieldEnd);
        Write(item.Id, FieldEnd);
        Write(item.Type, FieldEnd);
        Write(item.Customer, FieldEnd);
        Write(customer, FieldEnd);
        Write(item.SubscriptionId?.ToString() ?? "", FieldEnd);
        Write(at);
        Write(entry.Item.RecordedAt.ToMicroseconds());
        Write(entry.Properties, FieldEnd);
        Write(MetricsOf(entry), LineEnd);
    }

    // One metric counts most events, and its id is spelt once.
    private string MetricsOf(UsageEntry entry)
    {
        if (entry.Open.Length != 1)
        {
            return entry.Metrics;
        }

        var metric = entry.Open[0].Metric.Id;
        if (!_metrics.TryGetValue(metric, out var text))
        {
            _metrics[metric] = text = metric.ToString();
        }

        return text;
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
