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
                length += Stay(start, change.At, true);
                since = null;
            }
        }

        return length + (since is { } still && still < request.Period.End ? Stay(still, request.Period.End, false) : 0);

        // The day on which a thing is removed counts, be it that the period began later on it, and no day counts twice.
        long Stay(Instant start, Instant end, bool isRemoved)
        {
            if (!request.WeighsByDay)
            {
                return Math.Max(0, Time.Microseconds(end - start));
            }

            var (first, last) = (Time.DateOf(start, request.Zone), Time.DateOf(request.Period.End, request.Zone).PlusDays(-1));
            last = isRemoved ? LocalDate.Min(last, Time.DateOf(end, request.Zone)) : last;
            first = counted is { } known && first <= known ? known.PlusDays(1) : first;
            if (last < first)
            {
                return 0;
            }

            counted = last;
            return Period.DaysBetween(first, last) + 1;
        }
    }
}
