using System.Globalization;
using System.Numerics;
using System.Text;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What batches add to the totals, as text: a line for each total and each item of an hour, its key before its values.</summary>
/// <remarks>Ids, sources and the JSON of dimensions have no control characters, so that tabs and line ends are free; items may, and are escaped.</remarks>
internal sealed class UsageDelta
{
    private const char TieMark = '\u001f';
    private readonly Dictionary<string, UsageTotal> _totals = [];
    private readonly Dictionary<string, UsageItem> _items = [];

    /// <summary>The text of what one batch adds to its hours.</summary>
    public static string Of(UsageTotals batch)
    {
        var text = new StringBuilder((batch.Totals.Count + batch.Items.Count) * 160);
        foreach (var (key, total) in batch.Totals)
        {
            Append(text.Append('t'), key);
            Append<long>(text.Append('\v'), total.Events);
            Append(text.Append('\t'), total.Sum?.Units);
            Append(text.Append('\t'), total.Moment?.Units);
            Append(text.Append('\t'), total.Max);
            Append(text.Append('\t'), total.Min);
            Append(text, total.Latest);
        }

        foreach (var ((key, name), item) in batch.Items)
        {
            Append(text.Append('i'), key);
            text.Append('\t').Append(Escape(name));
            Append<long>(text.Append('\v'), item.Events);
            Append(text, item.Latest);
        }

        return text.ToString();
    }

    /// <summary>Adds what <see cref="Of"/> wrote.</summary>
    public void Add(string text)
    {
        var (totals, items) = (_totals.GetAlternateLookup<ReadOnlySpan<char>>(), _items.GetAlternateLookup<ReadOnlySpan<char>>());
        foreach (var range in text.AsSpan().TrimEnd('\n').Split('\n'))
        {
            var line = text.AsSpan()[range];
            var end = line.IndexOf('\v');
            var key = line[1..end];
            var values = line[(end + 1)..];
            if (line[0] == 't')
            {
                var total = Total(values);
                totals[key] = totals.TryGetValue(key, out var known) ? known.Merge(total) : total;
            }
            else
            {
                var item = new UsageItem(Number(ref values), Latest(values));
                items[key] = items.TryGetValue(key, out var known) ? known.Merge(item) : item;
            }
        }
    }

    /// <summary>All of it, to be written.</summary>
    public UsageTotals Totals()
    {
        var totals = new UsageTotals();
        foreach (var (key, total) in _totals)
        {
            totals.Add(Key(key.Split('\t')), total);
        }

        foreach (var (key, item) in _items)
        {
            var parts = key.Split('\t');
            totals.Add(Key(parts), Unescape(parts[^1]), item);
        }

        return totals;
    }

    private static void Append(StringBuilder text, in UsageKey key)
    {
        Append<long>(text, key.Bucket.Hour);
        Append(text.Append('\t'), (Guid?)key.Customer.Value, "N");
        Append(text.Append('\t'), (Guid?)key.Metric.Value, "N");
        Append(text.Append('\t'), key.Subscription?.Value, "N");
        text.Append('\t').Append(key.Dimensions);
    }

    private static void Append(StringBuilder text, LatestValue? latest)
    {
        if (latest is not null)
        {
            Append(text.Append('\t'), (long?)latest.At.ToMicroseconds());
            text.Append('\t').Append(latest.Tie.Replace('\n', TieMark));
            Append<decimal>(text.Append('\t'), latest.Value);
        }

        text.Append('\n');
    }

    // Without an object or a text for each of the many values of a batch.
    private static void Append<T>(StringBuilder text, T? value, string? format = null) where T : struct, ISpanFormattable
    {
        Span<char> buffer = stackalloc char[64];
        if (value is { } known)
        {
            _ = known.TryFormat(buffer, out var length, format, CultureInfo.InvariantCulture) ? text.Append(buffer[..length]) : text.Append(known.ToString(format, CultureInfo.InvariantCulture));
        }
    }

    private static UsageTotal Total(ReadOnlySpan<char> values) => new()
    {
        Events = Number(ref values), Sum = Sum(Field(ref values)), Moment = Sum(Field(ref values)), Max = Decimal(Field(ref values)), Min = Decimal(Field(ref values)), Latest = Latest(values),
    };

    private static LatestValue? Latest(ReadOnlySpan<char> values) => values.IsEmpty
        ? null
        : new LatestValue(SqlTime.FromMicroseconds(Number(ref values)), Field(ref values).ToString().Replace(TieMark, '\n'), Decimal(Field(ref values))!.Value);

    private static ReadOnlySpan<char> Field(ref ReadOnlySpan<char> values)
    {
        var end = values.IndexOf('\t');
        var field = end < 0 ? values : values[..end];
        values = end < 0 ? [] : values[(end + 1)..];
        return field;
    }

    private static long Number(ref ReadOnlySpan<char> values) => long.Parse(Field(ref values), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static ExactSum? Sum(ReadOnlySpan<char> text) => text.IsEmpty ? null : new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));

    private static decimal? Decimal(ReadOnlySpan<char> text) => text.IsEmpty ? null : decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static UsageKey Key(string[] parts) => new(
        new UsageBucket(UsageLevel.Hour, long.Parse(parts[0], CultureInfo.InvariantCulture)), new(Guid.ParseExact(parts[1], "N")), new(Guid.ParseExact(parts[2], "N")),
        parts[3].Length == 0 ? null : new SubscriptionId(Guid.ParseExact(parts[3], "N")), parts[4]);

    private static string Escape(string name) => name.AsSpan().IndexOfAny("\\\t\v\n") < 0
        ? name
        : string.Concat(name.Select(letter => letter is '\\' or '\t' or '\v' or '\n' ? $"\\{(int)letter:x4}" : $"{letter}"));

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var name = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            name.Append(text[i] == '\\' ? (char)int.Parse(text.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : text[i]);
            i += text[i] == '\\' ? 4 : 0;
        }

        return name.ToString();
    }
}
