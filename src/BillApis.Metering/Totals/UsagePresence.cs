using NodaTime;

namespace BillApis.Metering;

/// <summary>For how long things were there, of which it is known when they were added and removed.</summary>
internal static class UsagePresence
{
    /// <summary>The time of all things together: microseconds, or days where the metric weighs by the day.</summary>
    public static long Sum(UsageRequest request, IEnumerable<IReadOnlyList<LatestValue>> histories) => histories.Sum(history => Length(request, history));

    private static long Length(UsageRequest request, IReadOnlyList<LatestValue> history)
    {
        var (length, counted) = (0L, (LocalDate?)null);
        Instant? since = null;
        foreach (var change in history.OrderBy(change => change, Comparer<LatestValue>.Create((left, right) => left.CompareTo(right))))
        {
            if (change.Value > 0)
            {
                since ??= Instant.Max(change.At, request.Period.Start);
            }
            else if (since is { } start)
            {
                // Removed before the period began: never there in it.
                length += change.At < request.Period.Start ? 0 : Stay(start, change.At, true);
                since = null;
            }
        }

        return length + (since is { } still && still < request.Period.End ? Stay(still, request.Period.End, false) : 0);

        // The day on which a thing is removed counts, and no day counts twice.
        long Stay(Instant start, Instant end, bool isRemoved)
        {
            if (!request.WeighsByDay)
            {
                return Time.Microseconds(end - start);
            }

            var (first, last) = (Time.DateOf(start, request.Zone), Time.DateOf(request.Period.End, request.Zone).PlusDays(-1));
            last = isRemoved ? LocalDate.Min(last, Time.DateOf(end, request.Zone)) : last;
            first = counted is { } known && first <= known ? known.PlusDays(1) : first;
            counted = last;
            return Math.Max(0, Period.DaysBetween(first, last) + 1);
        }
    }
}
