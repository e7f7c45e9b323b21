using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Applies a backfill, as a worker; the events of each round follow from its number.</summary>
internal static class BackfillWork
{
    /// <summary>How many events each backfill holds, and how many it replaces.</summary>
    public const int Events = 1_000;
    private static readonly Interval Timeframe = new(Instant.FromUtc(2026, 1, 2, 0, 0), Instant.FromUtc(2026, 1, 3, 0, 0));

    public static async Task RunAsync(Billing billing, string id)
    {
        Console.WriteLine(Program.Ready);
        await billing.Backfills.ApplyAsync(TenantId.Default, id);
        Console.WriteLine($"{id}.");
    }

    /// <summary>Opens and fills the backfill of a round.</summary>
    public static async Task<string> OpenAsync(Billing billing, int round)
    {
        var backfill = await billing.Backfills.OpenAsync(TenantId.Default, new NewUsageBackfill { Period = Timeframe, ReplaceExisting = true });
        var receipt = await billing.Backfills.AddAsync(TenantId.Default, backfill.Id.ToString(), [.. Enumerable.Range(0, Events).Select(number => IntakeWork.Event(number) with
        {
            Id = $"round-{round}-{number}", Timestamp = Timeframe.Start + Duration.FromSeconds(number), Properties = UsageProperties.Of(("n", round)),
        })]);
        receipt.Accepted.ShouldBe(Events);
        return backfill.Id.ToString();
    }
}
