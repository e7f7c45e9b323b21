using System.Text;
using NodaTime;

namespace BillApis.Metering;

/// <summary>What is known of the events of one stretch of time; two of the same stretch merge in any order to the same.</summary>
internal sealed record UsageTotal
{
    private static readonly UsageTotal One = new() { Events = 1 };

    public long Events { get; init; }

    public ExactSum? Sum { get; init; }

    /// <summary>The sum of each value times the microseconds since the start of the stretch at which it came.</summary>
    public ExactSum? Moment { get; init; }

    public decimal? Max { get; init; }

    public decimal? Min { get; init; }

    public LatestValue? Latest { get; init; }

    /// <summary>What one event comes to.</summary>
    /// <param name="contribution">What it adds to its metric.</param>
    /// <param name="item">The event.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="start">The start of the stretch.</param>
    public static UsageTotal Of(in Contribution contribution, UsageEvent item, Instant at, Instant start)
    {
        var metric = contribution.Metric;
        return metric.Aggregation switch
        {
            Aggregation.Sum or Aggregation.Average => new UsageTotal { Events = 1, Sum = ExactSum.Of(contribution.Value) },
            Aggregation.WeightedSum => Weighted(ExactSum.Of(contribution.Value), at, start),
            Aggregation.Max => new UsageTotal { Events = 1, Max = contribution.Value, Latest = metric.Recurring ? LatestValue.Of(contribution, item, at) : null },
            Aggregation.Min => new UsageTotal { Events = 1, Min = contribution.Value },
            Aggregation.Latest => new UsageTotal { Events = 1, Latest = LatestValue.Of(contribution, item, at) },
            _ => One,
        };
    }

    public UsageTotal Merge(UsageTotal other) => new()
    {
        Events = Events + other.Events,
        Sum = Add(Sum, other.Sum),
        Moment = Add(Moment, other.Moment),
        Max = Max > other.Max ? Max : other.Max ?? Max,
        Min = Min < other.Min ? Min : other.Min ?? Min,
        Latest = LatestValue.Later(Latest, other.Latest),
    };

    /// <summary>The same events seen from another start, so many microseconds earlier.</summary>
    public UsageTotal Since(long microsecondsEarlier) => Moment is { } moment && microsecondsEarlier != 0 ? this with { Moment = moment + (Sum!.Value * microsecondsEarlier) } : this;

    private static UsageTotal Weighted(ExactSum value, Instant at, Instant start) => new() { Events = 1, Sum = value, Moment = value * Time.Microseconds(at - start) };

    private static ExactSum? Add(ExactSum? left, ExactSum? right) => left is { } known && right is { } more ? known + more : left ?? right;
}

/// <summary>What is known of the events of one stretch of time that name the same thing.</summary>
/// <param name="Events">How many there are.</param>
/// <param name="Latest">Where things are added and removed, what happened last: above zero for an addition.</param>
internal sealed record UsageItem(long Events, LatestValue? Latest)
{
    public static UsageItem Of(in Contribution contribution, UsageEvent item, Instant at) => new(1, contribution.Metric.OperationProperty is null ? null : LatestValue.Of(contribution, item, at));

    public bool IsThere => Latest is not { Value: <= 0 };

    public UsageItem Merge(UsageItem other) => new(Events + other.Events, LatestValue.Later(Latest, other.Latest));
}

/// <summary>A value and when it was so.</summary>
/// <param name="At">The event's timestamp.</param>
/// <param name="Tie">Orders events of one instant, in the byte order of UTF-8.</param>
/// <param name="Value">The event's value.</param>
internal sealed record LatestValue(Instant At, string Tie, decimal Value)
{
    // Ids and sources have no control characters, so that the pair is one text without doubt.
    public static LatestValue Of(in Contribution contribution, UsageEvent item, Instant at) => new(at, $"{item.Id}\n{item.Source}", contribution.Value);

    public static LatestValue? Later(LatestValue? left, LatestValue? right) => left is null || right is null ? left ?? right : left.CompareTo(right) < 0 ? right : left;

    public int CompareTo(LatestValue other) => At.CompareTo(other.At) is not 0 and var order ? order : Compare(Tie, other.Tie);

    private static int Compare(string left, string right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
