namespace BillApis.Scenarios;

/// <summary>The random dates of one life, which its subscriptions share, so that each run has many of them to bill: where they are, when they begin and on which day of a month they may be anchored.</summary>
internal sealed record RandomDates(string[] Zones, Instant[] Starts, int Day)
{
    private static readonly string[] AllZones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"];
    private static readonly Instant First = Instant.FromUtc(2026, 1, 1, 0, 0);

    public static RandomDates Of(Random random) => new(
        [AllZones[random.Next(AllZones.Length)], AllZones[random.Next(AllZones.Length)]],
        [.. Enumerable.Range(0, 3).Select(_ => First + Duration.FromMinutes(random.Next(0, 45 * 24 * 60)))],
        random.Next(1, 32));
}
