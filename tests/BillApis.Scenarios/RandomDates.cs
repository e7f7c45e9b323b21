namespace BillApis.Scenarios;

/// <summary>The random dates of one life, which its subscriptions share, so that each run has many of them to bill: where they are, when they begin, on which day of a month they may be anchored, and when most of what happens to them takes effect.</summary>
internal sealed record RandomDates(string[] Zones, Instant[] Starts, int Day, Instant[] Changes)
{
    private const int Stops = 12;
    private static readonly string[] AllZones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"];
    private static readonly Instant First = Instant.FromUtc(2026, 1, 1, 0, 0);

    /// <summary>Up to when lives are billed.</summary>
    public static Instant Last { get; } = Instant.FromUtc(2026, 4, 1, 0, 0);

    public static RandomDates Of(Random random) => new(
        [AllZones[random.Next(AllZones.Length)], AllZones[random.Next(AllZones.Length)]],
        [.. Enumerable.Range(0, 3).Select(_ => First + Duration.FromMinutes(random.Next(0, 45 * 24 * 60)))],
        random.Next(1, 32),
        [.. Enumerable.Range(0, Stops).Select(_ => First + Duration.FromSeconds(random.Next(1, (int)(Last - First).TotalSeconds))).Order()]);

    /// <summary>One of the instants of changes between two others, now and then any second between them; that is where there is none.</summary>
    public Instant Between(Instant first, Instant last, Random random)
    {
        Instant[] within = [.. Changes.Where(at => first < at && at < last)];
        return within.Length == 0 || random.Next(8) == 0 ? first + Duration.FromSeconds(random.NextInt64(1, (long)(last - first).TotalSeconds + 2)) : within[random.Next(within.Length)];
    }
}
