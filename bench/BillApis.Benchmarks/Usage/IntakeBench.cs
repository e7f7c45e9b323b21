using System.Diagnostics;
using System.Globalization;
using BillApis.Metering;
using BillApis.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Benchmarks.Usage;

/// <summary>
/// Intake beside its baseline: both take turns of a few batches each on the same machine, so that a noisy neighbour slows both down, and each figure is the
/// median of the turns' ratios. Beside the wall clock it counts the processor time of this process, which neighbours change least.
/// </summary>
internal static class IntakeBench
{
    private const int Turns = 15;

    // Of which one in seven also catches up with the indexes.
    private const int IndexedTurns = 75;
    private const int BatchesPerTurn = 10;

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        try
        {
            string[] names = args.Length > 0 ? args : ["sqlite", "random", "callers", "postgres", "memory"];
            foreach (var name in names)
            {
                var file = Path.Combine(folder.FullName, name);
                await (name switch
                {
                    "sqlite" => SqliteAsync(file),
                    "random" => RandomAsync(file),
                    "callers" => CallersAsync(file),
                    "postgres" => PostgresAsync(),
                    "memory" => MemoryAsync(file),
                    _ => throw new ArgumentException($"There is no measurement {name}."),
                });
            }

            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task SqliteAsync(string file)
    {
        using var bare = new BareSqlite($"{file}-bare.db");
        var billing = await Load.OpenAsync(builder => builder.UseSqlite($"Data Source={file}.db"));
        var (ours, theirs) = (new Load(true, 1), new Load(true, 2));
        await Measured.CompareAsync(
            "SQLite, batches of 1,000, time-ordered ids",
            IndexedTurns,
            () => Batches(ours, batch => Task.FromResult(batch)),
            batches => RecordAsync(billing, batches),
            () => Batches(theirs, batch => Task.FromResult(batch.Select(item => (item, item.Properties.ToString())).ToArray())),
            batches =>
            {
                batches.ForEach(bare.Insert);
                return Task.CompletedTask;
            });
    }

    private static async Task RandomAsync(string file)
    {
        const int before = 1_000_000;
        var (ordered, random) = (new Load(true), new Load(false));
        var first = await Load.OpenAsync(builder => builder.UseSqlite($"Data Source={file}-ordered.db"));
        var second = await Load.OpenAsync(builder => builder.UseSqlite($"Data Source={file}-random.db"));
        for (var sent = 0; sent < before; sent += 10_000)
        {
            await first.Usage.RecordAsync(TenantId.Default, ordered.Next(10_000));
            await second.Usage.RecordAsync(TenantId.Default, random.Next(10_000));
        }

        await Measured.CompareAsync(
            "SQLite, random ids against time-ordered ids after 1,000,000",
            IndexedTurns,
            () => Batches(random, Task.FromResult),
            batches => RecordAsync(second, batches),
            () => Batches(ordered, Task.FromResult),
            batches => RecordAsync(first, batches));
    }

    private static async Task CallersAsync(string file)
    {
        const int callers = 64;
        using var bare = new BareSqlite($"{file}-bare.db");
        var billing = await Load.OpenAsync(builder => builder.UseSqlite($"Data Source={file}.db"));
        var (ours, theirs) = (new Load(true, 1), new Load(true, 2));
        await Measured.CompareAsync(
            "SQLite, 64 callers of one event each against autocommit",
            Turns,
            () => Task.FromResult(ours.Next(callers * 8)),
            events => Task.WhenAll(events.Chunk(8).Select(mine => Task.Run(async () =>
            {
                foreach (var item in mine)
                {
                    await billing.Usage.RecordAsync(TenantId.Default, item);
                }
            }))),
            () => Task.FromResult(theirs.Next(callers * 8).Select(item => (item, item.Properties.ToString())).ToArray()),
            rows =>
            {
                foreach (var row in rows)
                {
                    bare.Insert([row]);
                }

                return Task.CompletedTask;
            });
    }

    private static async Task PostgresAsync()
    {
        foreach (var connections in (int[])[1, 2])
        {
            var database = await PostgresServer.NewDatabaseAsync();
            await using var bare = await BarePostgres.OpenAsync(database);
            var billing = await Load.OpenAsync(builder => builder.UsePostgres(database));
            var (ours, theirs) = (new Load(true, 1), new Load(true, 2));
            await Measured.CompareAsync(
                $"PostgreSQL, batches of 1,000, {connections} at a time",
                2 * Turns,
                () => Batches(ours, Task.FromResult),
                batches => Task.WhenAll(batches.Chunk(BatchesPerTurn / connections).Select(mine => Task.Run(() => RecordAsync(billing, [.. mine])))),
                () => Batches(theirs, batch => Task.FromResult(batch.Select(item => (item, item.Properties.ToString())).ToArray())),
                batches => Task.WhenAll(batches.Chunk(BatchesPerTurn / connections).Select(mine => Task.Run(async () =>
                {
                    foreach (var rows in mine)
                    {
                        await bare.InsertAsync(rows);
                    }
                }))));
        }
    }

    private static async Task MemoryAsync(string file)
    {
        const int count = 5_000_000;
        var billing = await Load.OpenAsync(builder => builder.UseSqlite($"Data Source={file}.db"));
        var (load, clock) = (new Load(true), Stopwatch.GetTimestamp());
        for (var sent = 0; sent < count; sent += 10_000)
        {
            await RecordAsync(billing, [load.Next(10_000)]);
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {count:N0} events in batches of 10,000: peak resident | {process.PeakWorkingSet64 >> 20} MB | {Stopwatch.GetElapsedTime(clock).TotalSeconds:0} s |"));
    }

    private static async Task<List<T>> Batches<T>(Load load, Func<UsageEvent[], Task<T>> make)
    {
        var batches = new List<T>();
        for (var i = 0; i < BatchesPerTurn; i++)
        {
            batches.Add(await make(load.Next()));
        }

        return batches;
    }

    private static async Task RecordAsync(Billing billing, List<UsageEvent[]> batches)
    {
        foreach (var batch in batches)
        {
            var receipt = await billing.Usage.RecordAsync(TenantId.Default, batch);
            if (receipt.Accepted != batch.Length || receipt.Orphans.Length > 0)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{receipt.Accepted} of {batch.Length}, {receipt.Orphans.Length} orphans"));
            }
        }
    }
}
