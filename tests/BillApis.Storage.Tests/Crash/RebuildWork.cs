using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Counts the totals of usage anew, as a worker.</summary>
internal static class RebuildWork
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 20, 0, 0);

    public static async Task RunAsync(Billing billing)
    {
        Console.WriteLine(Program.Ready);
        await foreach (var rebuilt in billing.Usage.RebuildAsync(TenantId.Default))
        {
            Console.WriteLine($"{rebuilt.Differences.Length}");
        }
    }

    /// <summary>An event each half of an hour, over the end of a month.</summary>
    public static UsageEvent Event(int number) => IntakeWork.Event(number) with { Id = $"rebuild-{number}", Timestamp = Start + Duration.FromMinutes(30 * number) };
}
