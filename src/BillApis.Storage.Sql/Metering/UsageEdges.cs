using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Cuts an interval into whole months, days and hours that totals are kept for, the longest possible, and the parts of hours at its ends.</summary>
internal readonly record struct UsageEdges(IReadOnlyList<UsageBucket> Buckets, IReadOnlyList<Interval> Parts)
{
    public static UsageEdges Of(Interval interval)
    {
        var buckets = new List<UsageBucket>();
        var at = UsageBucket.Of(UsageLevel.Hour, interval.Start) is var first && first.Start == interval.Start ? first : first.Next;
        if (interval.Start >= interval.End || at.Start > interval.End)
        {
            return new UsageEdges([], interval.Start < interval.End ? [interval] : []);
        }

        var start = at.Start;
        while (at.Next.Start <= interval.End)
        {
            at = Longest(at, interval.End);
            buckets.Add(at);
            at = at.Next with { Level = UsageLevel.Hour };
        }

        Interval[] parts = [new(interval.Start, start), new(at.Start, interval.End)];
        return new UsageEdges(buckets, [.. parts.Where(part => part.Start < part.End)]);
    }

    /// <summary>Nothing but the events themselves.</summary>
    public static UsageEdges EventsOf(Interval interval) => new([], interval.Start < interval.End ? [interval] : []);

    private static UsageBucket Longest(UsageBucket hour, Instant end)
    {
        foreach (var level in new[] { UsageLevel.Month, UsageLevel.Day })
        {
            var bucket = UsageBucket.Of(level, hour.Start);
            if (bucket.Hour == hour.Hour && bucket.Next.Start <= end)
            {
                return bucket;
            }
        }

        return hour;
    }
}
