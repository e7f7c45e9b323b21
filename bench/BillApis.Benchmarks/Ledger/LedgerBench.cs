using BillApis.Benchmarks.Usage;
using BillApis.Ledger;
using BillApis.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Benchmarks.Ledger;

/// <summary>The ledger beside its baselines; both take turns on the same machine, and each figure is the median of the turns' ratios.</summary>
internal static class LedgerBench
{
    private const int Turns = 9;
    private const int HotTurns = 3;
    private const int Callers = 8;

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        try
        {
            string[] names = args.Length > 0 ? args : ["postgres", "hot", "sqlite", "tigerbeetle"];
            foreach (var name in names)
            {
                await (name switch
                {
                    "postgres" => PostgresAsync(),
                    "hot" => HotAsync(),
                    "sqlite" => SqliteAsync(Path.Combine(folder.FullName, name)),
                    "tigerbeetle" => PacketBench.RunAsync(Turns),
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

    private static async Task PostgresAsync()
    {
        var (ours, theirs) = (new Pairs(10_000, hot: false, seed: 1), new Pairs(10_000, hot: false, seed: 2));
        var ledger = await OpenAsync(await PostgresServer.NewDatabaseAsync(), (builder, database) => builder.UsePostgres(database));
        await using var bare = await BareAsync(theirs);
        await FillAsync(ledger, ours);
        await Measured.CompareAsync(
            "PostgreSQL, batches of 1,000 linked pairs over 10,000 accounts, against one transfer per statement",
            Turns,
            () => Task.FromResult(ours.Next()),
            batch => PostAsync(ledger, batch),
            () => Task.FromResult(Learned(bare, theirs.Next())),
            bare.PostAsync);
    }

    private static async Task HotAsync()
    {
        var (ours, theirs) = (new Pairs(10_000, hot: true, seed: 1), new Pairs(10_000, hot: true, seed: 2));
        var ledger = await OpenAsync(await PostgresServer.NewDatabaseAsync(), (builder, database) => builder.UsePostgres(database));
        await using var bare = await BareAsync(theirs);
        await FillAsync(ledger, ours);
        await Measured.CompareAsync(
            "PostgreSQL, one hot account, 8 callers with batches of 1,000 linked pairs, against 8 connections with one transfer per statement",
            HotTurns,
            () => Task.FromResult(Enumerable.Range(0, Callers).Select(_ => ours.Next()).ToArray()),
            batches => Task.WhenAll(batches.Select(batch => Task.Run(() => PostAsync(ledger, batch)))),
            () => Task.FromResult(Enumerable.Range(0, Callers).Select(_ => Learned(bare, theirs.Next())).ToArray()),
            batches => Task.WhenAll(batches.Select(batch => Task.Run(() => bare.PostAsync(batch)))));
    }

    private static async Task SqliteAsync(string file)
    {
        var (ours, theirs) = (new Pairs(10_000, hot: false, seed: 1), new Pairs(10_000, hot: false, seed: 2));
        var ledger = await OpenAsync($"Data Source={file}.db", (builder, database) => builder.UseSqlite(database));
        using var bare = new BareSqliteLedger($"{file}-bare.db");
        await FillAsync(ledger, ours);
        for (var i = 0; i < 10; i++)
        {
            var (rows, changes) = BareSqliteLedger.Rows(theirs.Next());
            bare.Open(changes.Select(change => (string)change[1]));
            bare.Insert(rows, changes);
        }

        await Measured.CompareAsync(
            "SQLite, FULL, batches of 1,000 linked pairs, against bare inserts of the same rows with netted balance updates",
            Turns,
            () => Task.FromResult(Enumerable.Range(0, 5).Select(_ => ours.Next()).ToArray()),
            async batches =>
            {
                foreach (var batch in batches)
                {
                    await PostAsync(ledger, batch);
                }
            },
            () => Task.FromResult(Enumerable.Range(0, 5).Select(_ => BareSqliteLedger.Rows(theirs.Next())).ToArray()),
            batches =>
            {
                foreach (var (rows, changes) in batches)
                {
                    bare.Insert(rows, changes);
                }

                return Task.CompletedTask;
            });
    }

    private static async Task<ILedger> OpenAsync(string database, Action<BillingBuilder, string> use)
    {
        var provider = new ServiceCollection().AddBilling(builder => use(builder, database)).BuildServiceProvider();
        await provider.GetRequiredService<Billing>().MigrateAsync();
        return provider.GetRequiredService<ILedger>();
    }

    private static async Task<BarePostgresLedger> BareAsync(Pairs pairs)
    {
        var bare = new BarePostgresLedger(await PostgresServer.NewDatabaseAsync());
        await bare.CreateAsync(Enumerable.Range(0, 50).SelectMany(_ => pairs.Next()).ToList());
        return bare;
    }

    private static Transfer[] Learned(BarePostgresLedger bare, Transfer[] batch)
    {
        bare.Learn(batch);
        return batch;
    }

    // The accounts are there before the clock runs, as they are for the baseline.
    private static async Task FillAsync(ILedger ledger, Pairs pairs)
    {
        for (var i = 0; i < 10; i++)
        {
            await PostAsync(ledger, pairs.Next());
        }
    }

    private static async Task PostAsync(ILedger ledger, Transfer[] batch)
    {
        if ((await ledger.PostAsync(TenantId.Default, batch, default)).Any(result => result is not TransferResult.Created))
        {
            throw new InvalidOperationException("Not created.");
        }
    }
}
