using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Cuts an interval into the whole hours that totals are kept for and the parts of hours before and after them.</summary>
internal readonly record struct UsageEdges(long FirstHour, long LastHour, IReadOnlyList<Interval> Parts)
{
    private static readonly Duration Hour = Duration.FromHours(1);

    public bool HasHours => FirstHour < LastHour;

    public static UsageEdges Of(Interval interval)
    {
        if (interval.Start >= interval.End)
        {
            return new UsageEdges(0, 0, []);
        }

        var (first, last) = (UsageTotals.HourOf(interval.Start + Hour - Duration.FromTicks(1)), UsageTotals.HourOf(interval.End));
        if (first > last)
        {
            return new UsageEdges(0, 0, [interval]);
        }

        Interval[] parts = [new(interval.Start, At(first)), new(At(last), interval.End)];
        return new UsageEdges(first, last, [.. parts.Where(part => part.Start < part.End)]);
    }

    private static Instant At(long hour) => Instant.FromUnixTimeSeconds(hour * 3_600);
}
