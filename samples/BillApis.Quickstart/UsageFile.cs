using System.Globalization;
using BillApis.Metering;
using CsvHelper;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Quickstart;

/// <summary>One row of the file: an event to bill, or what is wrong with it.</summary>
internal sealed record UsageRow(long Line, UsageEvent? Event, string? Problem);

/// <summary>Reads usage from a CSV file; a bad row is named and the others go on.</summary>
internal sealed class UsageFile(Mapping mapping, string[] header, Instant now)
{
    public const string EventType = "usage";
    public const string Row = "row";
    private static readonly Duration Oldest = Limits.SubscriptionHorizon - Duration.FromDays(31);
    private static readonly IPattern<Instant> Timestamps = new CompositePatternBuilder<Instant>
    {
        { InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd' 'HH':'mm':'ss;FFFFFFFFF"), _ => true },
        { InstantPattern.ExtendedIso, _ => true },
    }.Build();

    private readonly int _timestamp = Column(header, mapping.Timestamp);
    private readonly (string Name, int Index)[] _numbers = [.. mapping.Values.Concat(mapping.Price is { } price ? [price] : []).Select(name => (name, Column(header, name)))];

    /// <summary>The rows, numbered from 1 without the header; their numbers are the events' ids.</summary>
    public static IEnumerable<UsageRow> Read(Mapping mapping, Instant now)
    {
        if (!File.Exists(mapping.File))
        {
            throw Refused($"there is no file {mapping.File}");
        }

        // A line is a row, so that one stray quote cannot swallow the rest of the file.
        var broken = "";
        using var reader = CsvReader.FromFile(mapping.File, new CsvReaderOptions { TrackLineNumbers = true, AllowLineBreaksInQuotes = false, OnMalformedRecord = record => broken = $"{record.Reason}" });
        var file = new UsageFile(mapping, [.. reader.Headers], now);
        while (reader.Read())
        {
            var fields = Enumerable.Range(0, reader.FieldCount).Select(reader.GetString).ToArray();
            yield return broken.Length > 0 ? new UsageRow(reader.LineNumber, null, $"has bad quotes ({broken})") : file.Parse(reader.RowNumber, reader.LineNumber, fields);
            broken = "";
        }
    }

    /// <summary>The whole months, in UTC, that the good rows lie in; a month that is not over ends now.</summary>
    public static Interval Months(IEnumerable<UsageRow> rows, Instant now)
    {
        var days = rows.Where(row => row.Event is not null).Select(row => row.Event!.Timestamp!.Value.InUtc().Date).ToList();
        return days.Count == 0
            ? throw Refused("the file has no row that can be billed")
            : new Interval(Midnight(days.Min()), Instant.Min(now, Midnight(days.Max().PlusMonths(1))));

        static Instant Midnight(LocalDate day) => day.With(DateAdjusters.StartOfMonth).AtMidnight().InUtc().ToInstant();
    }

    private UsageRow Parse(long number, long line, string[] fields)
    {
        UsageRow Wrong(string problem) => new(line, null, problem);
        if (fields.Length != header.Length)
        {
            return Wrong($"has {fields.Length} columns instead of {header.Length}");
        }

        var parsed = Timestamps.Parse(fields[_timestamp]);
        if (!parsed.Success)
        {
            return Wrong($"{mapping.Timestamp} '{fields[_timestamp]}' is not a time like 2026-02-01 13:45:00");
        }

        if (parsed.Value > now || parsed.Value < now - Oldest)
        {
            return Wrong($"{mapping.Timestamp} '{fields[_timestamp]}' must lie in the last ten years");
        }

        var properties = new List<KeyValuePair<string, PropertyValue>> { new(Row, number) };
        foreach (var (name, index) in _numbers)
        {
            if (!Exact.TryParse(fields[index], out var value))
            {
                return Wrong($"{name} '{fields[index]}' is not a number of at most 15 integer and {Limits.FractionDigits} fractional digits");
            }

            properties.Add(new(name, value));
        }

        var id = number.ToString(CultureInfo.InvariantCulture);
        return new UsageRow(line, new UsageEvent { Id = id, Type = EventType, Customer = Offer.Customer, Timestamp = parsed.Value, Properties = UsageProperties.Of(properties) }, null);
    }

    private static int Column(string[] header, string name) =>
        Array.IndexOf(header, name) is >= 0 and var index ? index : throw Refused($"the file has no column '{name}'; it has {string.Join(", ", header)}");

    private static BillingException Refused(string why) => new(BillingErrorCode.Invalid, why);
}
