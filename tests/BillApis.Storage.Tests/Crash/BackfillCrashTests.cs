using System.Diagnostics;
using BillApis.Metering;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Processes that apply a backfill are killed (kill -9) at any moment: all of it counts, or nothing, and whoever comes next goes on from there.</summary>
public abstract class BackfillCrashTests(string database) : WorkerTests(database)
{
    private static readonly int Kills = KillsOr(8);
    private static readonly int Seed = SeedOr(20261125);

    [Fact]
    public async Task All_of_a_backfill_counts_or_nothing_of_it()
    {
        await IntakeWork.CreateAsync(Billing, IntakeWork.Sum);

        // Each round replaces what the one before left: events that say 1, then 2, and so on.
        var (random, half, counted, whole) = (new Random(Seed), 0, 2, 0);
        for (var round = 1; round <= counted; round++)
        {
            await ApplyAsync(await BackfillWork.OpenAsync(Billing, round), async worker =>
            {
                var clock = Stopwatch.StartNew();
                await worker.DoneAsync();
                whole = (int)clock.ElapsedMilliseconds;
            });
        }

        var open = await BackfillWork.OpenAsync(Billing, counted + 1);
        for (var kill = 1; kill <= Kills; kill++)
        {
            await ApplyAsync(open, worker => KillAfterAsync(worker, random.Next(whole)));
            var isApplied = (await Billing.Backfills.GetAsync(TenantId.Default, open, Stop)).Status is UsageBackfillStatus.Applied;
            (half, counted) = (half + (isApplied ? 0 : 1), counted + (isApplied ? 1 : 0));
            (await SumAsync()).ShouldBe(BackfillWork.Events * counted, $"kill {kill}, seed {Seed}");
            open = isApplied ? await BackfillWork.OpenAsync(Billing, counted + 1) : open;
        }

        await ApplyAsync(open, worker => worker.DoneAsync());
        (await SumAsync()).ShouldBe(BackfillWork.Events * (counted + 1));
        await Billing.Backfills.RevertAsync(TenantId.Default, open, Stop);
        (await SumAsync()).ShouldBe(BackfillWork.Events * counted);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {half} of {Kills} kills left a backfill open, where one takes {whole} ms");
    }

    private async Task ApplyAsync(string backfill, Func<WorkerProcess, Task> end)
    {
        using var worker = await StartAsync(nameof(BackfillWork), backfill);
        await end(worker);
    }

    private Task<decimal> SumAsync() => IntakeWork.TotalAsync(Billing, "sum", IntakeWork.January);
}

public sealed class SqliteBackfillCrashTests() : BackfillCrashTests(Node.Sqlite);

public sealed class PostgresBackfillCrashTests() : BackfillCrashTests(Node.Postgres);
