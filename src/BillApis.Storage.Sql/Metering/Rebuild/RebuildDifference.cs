using System.Globalization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>A total that is kept otherwise than counted.</summary>
/// <param name="Key">What it is kept for.</param>
/// <param name="Item">The value that it is of; null for the total of all.</param>
internal sealed record RebuildDifference(UsageKey Key, string? Item)
{
    public (UsageTotal? Kept, UsageTotal? Counted) Total { get; init; }

    public (UsageItem? Kept, UsageItem? Counted) Value { get; init; }

    /// <summary>The same in words.</summary>
    public TotalDifference Told => new(
        new Interval(Key.Bucket.Start, Key.Bucket.Next.Start), Key.Customer, Key.Metric, Key.Subscription, Dimensions.Parse(Key.Dimensions), Text(Total.Kept) ?? Text(Value.Kept), Text(Total.Counted) ?? Text(Value.Counted))
    {
        Item = Item,
    };

    private static string? Text(UsageTotal? total) => total is null ? null : string.Join(", ", new[]
    {
        Events(total.Events), Text("sum", total.Sum), Text("sum over time", total.Moment), Text("most", total.Max), Text("least", total.Min), Text("last", total.Latest?.Value),
    }.OfType<string>());

    private static string? Text(UsageItem? item) => item is null ? null : string.Join(", ", new[] { Events(item.Events), Text("last", item.Latest?.Value) }.OfType<string>());

    private static string Events(long events) => string.Create(CultureInfo.InvariantCulture, $"{events} {(events == 1 ? "event" : "events")}");

    private static string? Text(string name, decimal? value) => value is { } number ? $"{name} {Exact.Format(number)}" : null;

    private static string? Text(string name, ExactSum? sum) => sum is { } known ? $"{name} {known}" : null;
}

/// <summary>The days of a month that are to be otherwise than they are kept, while nothing is set.</summary>
internal sealed class ChangedDays
{
    private readonly Dictionary<(UsageKey Key, string? Item), RebuildDifference> _days = [];

    /// <summary>Whether they are more than are held: of what their month is to be, nothing can be told then.</summary>
    public bool AreTooMany => _days.Count > CountedTotals.Most;

    public void Add(RebuildStep step)
    {
        if (AreTooMany)
        {
            return;
        }

        foreach (var difference in step.Differences.Where(difference => difference.Key.Bucket.Level is UsageLevel.Day))
        {
            _days[(difference.Key, difference.Item)] = difference;
        }
    }

    public bool Has(UsageKey day, string? item) => _days.ContainsKey((day, item));

    /// <summary>Those of the customers that are counted.</summary>
    public IEnumerable<RebuildDifference> Of(CountedTotals counted) => _days.Values.Where(difference => counted.Takes(difference.Key.Customer.ToString()));
}
