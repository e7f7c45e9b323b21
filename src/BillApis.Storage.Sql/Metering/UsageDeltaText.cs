using System.Globalization;
using System.Numerics;
using System.Text;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads what batches left before <see cref="UsageDelta"/> had bytes: a line for each total and each item of an hour, its key before its values.</summary>
internal static class UsageDeltaText
{
    private const char TieMark = '\u001f';

    /// <summary>Whether a delta is of this form. Base64 begins with an A for as long as the format is a number below 4.</summary>
    public static bool Is(ReadOnlySpan<byte> delta) => delta[0] is (byte)'t' or (byte)'i';

    /// <summary>Adds what the text says.</summary>
    public static void AddTo(UsageMerge merge, ReadOnlySpan<byte> delta)
    {
        foreach (var line in Encoding.UTF8.GetString(delta).TrimEnd('\n').Split('\n'))
        {
            var end = line.IndexOf('\v', StringComparison.Ordinal);
            var (key, values) = (line[1..end].Split('\t'), line[(end + 1)..].Split('\t'));
            if (line[0] == 't')
            {
                merge.Add(Key(key), new UsageTotal { Events = Number(values[0]), Sum = Sum(values[1]), Moment = Sum(values[2]), Max = Decimal(values[3]), Min = Decimal(values[4]), Latest = Latest(values.AsSpan(5)) });
            }
            else
            {
                merge.Add(Key(key), Unescape(key[^1]), new UsageItem(Number(values[0]), Latest(values.AsSpan(1))));
            }
        }
    }

    private static UsageKey Key(string[] parts) => new(
        new UsageBucket(UsageLevel.Hour, Number(parts[0])), new(Guid.ParseExact(parts[1], "N")), new(Guid.ParseExact(parts[2], "N")),
        parts[3].Length == 0 ? null : new SubscriptionId(Guid.ParseExact(parts[3], "N")), parts[4]);

    private static LatestValue? Latest(ReadOnlySpan<string> values) =>
        values.IsEmpty ? null : new LatestValue(SqlTime.FromMicroseconds(Number(values[0])), values[1].Replace(TieMark, '\n'), Decimal(values[2])!.Value);

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static ExactSum? Sum(string text) => text.Length == 0 ? null : new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));

    private static decimal? Decimal(string text) => text.Length == 0 ? null : decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static string Unescape(string text)
    {
        var name = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            name.Append(text[i] == '\\' ? (char)int.Parse(text.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : text[i]);
            i += text[i] == '\\' ? 4 : 0;
        }

        return name.ToString();
    }
}
