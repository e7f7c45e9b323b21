using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>One request of many that are read together: from which buckets and events, and what was found so far.</summary>
internal sealed class UsageSlot
{
    private readonly int _index;
    private readonly List<(int Span, UsageEdges Edges)> _edges = new(1);

    /// <param name="index">Which request it is.</param>
    /// <param name="request">The request.</param>
    /// <param name="first">An instant before which the tenant has no usage; null where it has none at all.</param>
    /// <param name="cut">What intervals were cut into already: many requests are for the same.</param>
    public UsageSlot(int index, UsageRequest request, Instant? first, Dictionary<Interval, UsageEdges> cut)
    {
        (_index, Request, Tally) = (index, request, new UsageTally(request));
        for (var span = 0; span < Tally.Spans.All.Length; span++)
        {
            var interval = Tally.Spans.All[span];
            if (Tally.Spans.HasBefore && span == 0)
            {
                AddBefore(Instant.Max(interval.Start, Instant.Min(first ?? interval.End, interval.End)), interval.End, cut);
            }
            else
            {
                Add(span, interval, CountsPresence, cut);
            }
        }
    }

    public UsageRequest Request { get; }

    public UsageTally Tally { get; }

    /// <summary>The stretches of time to read events of.</summary>
    public IEnumerable<Interval> Parts => _edges.SelectMany(item => item.Edges.Parts);

    /// <summary>Whether there are any.</summary>
    public bool HasParts => _edges.Exists(static item => item.Edges.Parts.Count > 0);

    /// <summary>Asks for the buckets to read.</summary>
    public void Ask(UsageAskRows rows)
    {
        var place = 0;
        foreach (var (_, edges) in _edges)
        {
            for (var i = 0; i < edges.Buckets.Count; i++)
            {
                rows.Add(_index, place++, edges.Buckets[i], Request.Customer, Request.Metric.Id, Request.Subscription);
            }
        }
    }

    /// <summary>Adds the total of one of the buckets, which is the slot's own from now on.</summary>
    public void Add(int place, string dimensions, UsageTotal total)
    {
        var (span, bucket) = At(place);
        var earlier = Tally.Spans.HasBefore && span == 0 ? 0 : Time.Microseconds(bucket.Start - Tally.Spans.All[span].Start);
        Tally.Add(Dimensions.Parse(dimensions), span, total.Since(earlier));
    }

    public void Add(StoredEvent stored)
    {
        if (stored.Metrics.Contains(Request.Metric.Id) && Request.Knows(stored))
        {
            Request.Metric.Measure(stored.Event, out var contribution);
            Tally.Add(contribution, stored.Event, stored.Event.Timestamp!.Value);
        }
    }

    private bool CountsPresence => Request.Metric is { Aggregation: Aggregation.UniqueCount, Weighting: not null };

    // Of before, the last word about a thing is enough; on the first day of what weighs by the day it counts that a thing was there at all.
    private void AddBefore(Instant start, Instant end, Dictionary<Interval, UsageEdges> cut)
    {
        var day = CountsPresence && Request.WeighsByDay ? Instant.Max(start, Request.Zone.AtStartOfDay(Time.DateOf(end, Request.Zone)).ToInstant()) : end;
        Add(0, new Interval(start, day), false, cut);
        Add(0, new Interval(day, end), true, cut);
    }

    // When things were there is not in the totals, and neither is what was known when.
    private void Add(int span, Interval interval, bool needsEvents, Dictionary<Interval, UsageEdges> cut)
    {
        var edges = needsEvents || Request.Recorded is not null ? UsageEdges.EventsOf(interval) : cut.TryGetValue(interval, out var known) ? known : cut[interval] = UsageEdges.Of(interval);
        _edges.Add((span, edges));
    }

    // A request has few spans.
    private (int Span, UsageBucket Bucket) At(int place)
    {
        foreach (var (span, edges) in _edges)
        {
            if (place < edges.Buckets.Count)
            {
                return (span, edges.Buckets[place]);
            }

            place -= edges.Buckets.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(place));
    }
}
