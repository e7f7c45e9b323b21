using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>How long a stretch of time is that totals are kept for; a day is made of hours, and a month of days.</summary>
internal enum UsageLevel
{
    Hour,
    Day,
    Month,
}

/// <summary>A stretch of time that totals are kept for: an hour, a day or a month of UTC.</summary>
/// <param name="Level">Its length.</param>
/// <param name="Hour">The hour since 1970 that it starts with.</param>
internal readonly record struct UsageBucket(UsageLevel Level, long Hour)
{
    public const long HourMicroseconds = 3_600_000_000;

    public Instant Start => Instant.FromUnixTimeSeconds(Hour * 3_600);

    /// <summary>The bucket that comes next.</summary>
    public UsageBucket Next => Level switch
    {
        UsageLevel.Hour => this with { Hour = Hour + 1 },
        UsageLevel.Day => this with { Hour = Hour + 24 },
        _ => this with { Hour = HourOf(Start.InUtc().Date.PlusMonths(1)) },
    };

    /// <summary>The buckets one level down that it is made of.</summary>
    public IEnumerable<UsageBucket> Parts
    {
        get
        {
            var (end, part) = (Next.Hour, this with { Level = Level - 1 });
            for (; part.Hour < end; part = part.Next)
            {
                yield return part;
            }
        }
    }

    /// <summary>The bucket that this one is a part of, one level up.</summary>
    public UsageBucket Wider => Level is UsageLevel.Hour ? Of(UsageLevel.Day, Start) : Of(UsageLevel.Month, Start);

    /// <summary>The bucket of a level that an instant lies in.</summary>
    public static UsageBucket Of(UsageLevel level, Instant at)
    {
        var hour = FloorDivide(at.ToUnixTimeSeconds(), 3_600);
        return level switch
        {
            UsageLevel.Hour => new(level, hour),
            UsageLevel.Day => new(level, FloorDivide(hour, 24) * 24),
            _ => new(level, HourOf(at.InUtc().Date.With(DateAdjusters.StartOfMonth))),
        };
    }

    /// <summary>How much later it starts than another, in microseconds.</summary>
    public long After(UsageBucket other) => (Hour - other.Hour) * HourMicroseconds;

    private static long HourOf(LocalDate date) => date.AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds() / 3_600;

    private static long FloorDivide(long value, long by) => (value - (((value % by) + by) % by)) / by;
}
