using System.Text;
using NodaTime;

namespace BillApis.Metering;

/// <summary>What is known of the events of one stretch of time; two of the same stretch merge in any order to the same.</summary>
internal sealed record UsageTotal
{
    public long Events { get; set; }

    public ExactSum? Sum { get; set; }

    /// <summary>The sum of each value times the microseconds since the start of the stretch at which it came.</summary>
    public ExactSum? Moment { get; set; }

    public decimal? Max { get; set; }

    public decimal? Min { get; set; }

    public LatestValue? Latest { get; set; }

    /// <summary>Takes in one event.</summary>
    /// <param name="contribution">What it adds to its metric.</param>
    /// <param name="item">The event.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="start">The start of the stretch.</param>
    public void Add(in Contribution contribution, UsageEvent item, Instant at, Instant start)
    {
        var metric = contribution.Metric;
        Events++;
        switch (metric.Aggregation)
        {
            case Aggregation.Sum or Aggregation.Average:
                Sum = Sum.GetValueOrDefault() + ExactSum.Of(contribution.Value);
                break;
            case Aggregation.WeightedSum:
                var value = ExactSum.Of(contribution.Value);
                (Sum, Moment) = (Sum.GetValueOrDefault() + value, Moment.GetValueOrDefault() + (value * Time.Microseconds(at - start)));
                break;
            case Aggregation.Max:
                (Max, Latest) = (Greater(Max, contribution.Value), metric.Recurring ? LatestValue.Later(Latest, LatestValue.Of(contribution, item, at)) : Latest);
                break;
            case Aggregation.Min:
                Min = Lesser(Min, contribution.Value);
                break;
            case Aggregation.Latest:
                Latest = LatestValue.Later(Latest, LatestValue.Of(contribution, item, at));
                break;
        }
    }

    /// <summary>Takes in other events of the same stretch.</summary>
    public void Add(UsageTotal other)
    {
        Events += other.Events;
        (Sum, Moment) = (Add(Sum, other.Sum), Add(Moment, other.Moment));
        (Max, Min) = (Greater(Max, other.Max), Lesser(Min, other.Min));
        Latest = LatestValue.Later(Latest, other.Latest);
    }

    /// <summary>Both together, while each stays what it is.</summary>
    public UsageTotal Merge(UsageTotal other)
    {
        var both = this with { };
        both.Add(other);
        return both;
    }

    /// <summary>The same events seen from another start, so many microseconds earlier.</summary>
    public UsageTotal Since(long microsecondsEarlier) => Moment is { } moment && microsecondsEarlier != 0 ? this with { Moment = moment + (Sum!.Value * microsecondsEarlier) } : this;

    private static ExactSum? Add(ExactSum? left, ExactSum? right) => left is { } known && right is { } more ? known + more : left ?? right;

    private static decimal? Greater(decimal? left, decimal? right) => left > right ? left : right ?? left;

    private static decimal? Lesser(decimal? left, decimal? right) => left < right ? left : right ?? left;
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
