using System.Text;
using NodaTime;

namespace BillApis.Metering;

/// <summary>What is known of a group of events; two of them merge in any order to the same.</summary>
internal sealed record UsageTotal
{
    public long Events { get; init; }

    public decimal? Sum { get; init; }

    public decimal? Max { get; init; }

    public decimal? Min { get; init; }

    public LatestValue? Latest { get; init; }

    public static UsageTotal Of(in Contribution contribution, UsageEvent item, Instant at) => contribution.Metric.Aggregation switch
    {
        Aggregation.Sum => new UsageTotal { Events = 1, Sum = contribution.Value },
        Aggregation.Max => new UsageTotal { Events = 1, Max = contribution.Value },
        Aggregation.Min => new UsageTotal { Events = 1, Min = contribution.Value },
        Aggregation.Latest => new UsageTotal { Events = 1, Latest = new LatestValue(at, LatestValue.TieBreak(item), contribution.Value) },
        _ => new UsageTotal { Events = 1 },
    };

    public UsageTotal Merge(UsageTotal other) => new()
    {
        Events = Events + other.Events,
        Sum = Sum is { } left && other.Sum is { } right ? Exact.Add(left, right) : Sum ?? other.Sum,
        Max = Max > other.Max ? Max : other.Max ?? Max,
        Min = Min < other.Min ? Min : other.Min ?? Min,
        Latest = Latest is null || other.Latest is null ? Latest ?? other.Latest : Latest.Later(other.Latest),
    };
}

/// <summary>A value and when it was so.</summary>
/// <param name="At">The event's timestamp.</param>
/// <param name="Tie">Orders events of one instant, in the byte order of UTF-8.</param>
/// <param name="Value">The event's value.</param>
internal sealed record LatestValue(Instant At, string Tie, decimal Value)
{
    // Ids and sources have no control characters, so that the pair is one text without doubt.
    public static string TieBreak(UsageEvent item) => $"{item.Id}\n{item.Source}";

    public LatestValue Later(LatestValue other) => other.At > At || (other.At == At && Compare(other.Tie, Tie) > 0) ? other : this;

    private static int Compare(string left, string right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
