using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using BillApis.Benchmarks.Usage;
using BillApis.Tests;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BillApis.Benchmarks.Runs;

/// <summary>Runs beside what the database alone takes for the same rows: each month of usage is a turn, billed by ours and then inserted bare.</summary>
internal static class RunBench
{
    private const int Months = 5;

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        var size = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : (int?)null;
        try
        {
            string[] names = args.Length > 0 ? [args[0]] : ["sqlite", "postgres", "preview", "linear", "years"];
            foreach (var name in names)
            {
                var file = Path.Combine(folder.FullName, name);
                await (name switch
                {
                    "sqlite" => SqliteAsync(file, size ?? 10_000),
                    "postgres" => PostgresAsync(size ?? 10_000),
                    "preview" => PreviewAsync(file, size ?? 50),
                    "linear" => LinearAsync(file, size ?? 100_000, passes: args is [_, _, "passing"]),
                    "years" => YearsAsync(size ?? 10_000),
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

    private static async Task SqliteAsync(string file, int subscriptions)
    {
        await using var load = await RunLoad.OpenAsync(builder => builder.UseSqlite($"Data Source={file}.db"), subscriptions);
        await MigrateAsync(builder => builder.UseSqlite($"Data Source={file}-bare.db"));
        await using var ours = new SqliteConnection($"Data Source={file}.db");
        await using var bare = new SqliteConnection($"Data Source={file}-bare.db");
        await ours.OpenAsync();
        await bare.OpenAsync();
        await using (var pragma = bare.CreateCommand())
        {
            pragma.CommandText = "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -131072";
            await pragma.ExecuteNonQueryAsync();
        }

        await CompareAsync(
            "SQLite",
            load,
            async () =>
            {
                await BareRuns.EmptyAsync(bare);
                return await FinalRows.ReadAsync(ours, load.Now);
            },
            rows =>
            {
                BareRuns.Insert(bare, rows);
                return Task.CompletedTask;
            });
    }

    private static async Task PostgresAsync(int subscriptions)
    {
        const int nodes = 2;
        var (database, empty) = (await PostgresServer.NewDatabaseAsync(), await PostgresServer.NewDatabaseAsync());
        await using var load = await RunLoad.OpenAsync(builder => builder.UsePostgres(database), subscriptions, nodes);
        await MigrateAsync(builder => builder.UsePostgres(empty));
        await using var source = NpgsqlDataSource.Create(empty);
        await using var ours = new NpgsqlConnection(database);
        await using var bare = new NpgsqlConnection(empty);
        await ours.OpenAsync();
        await bare.OpenAsync();
        await CompareAsync(
            "PostgreSQL, 2 workers",
            load,
            async () =>
            {
                await BareRuns.EmptyAsync(bare);
                return await FinalRows.ReadAsync(ours, load.Now);
            },
            rows => BareRuns.CopyAsync(source, nodes, rows));
    }

    private static async Task PreviewAsync(string file, int lines)
    {
        const int previews = 1_000;
        await using var load = await RunLoad.OpenAsync(builder => builder.UseSqlite($"Data Source={file}.db"), 1, metered: lines - 1);
        await load.RunAsync(1);
        await load.PassMonthAsync();
        var made = await load.Billing.Previews.UpcomingAsync(TenantId.Default, load.Subscription);
        var first = await TurnAsync();
        await WarmUpAsync();
        var (turns, allocated) = (new List<(decimal Wall, decimal Processor)>(), GC.GetTotalAllocatedBytes());
        for (var turn = 0; turn < Months; turn++)
        {
            turns.Add(await TurnAsync());
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| one preview of {made!.Lines.Length} lines, read from SQLite | {Of(turns, turn => turn.Processor)} ms of processor time | {Of(turns, turn => turn.Wall)} ms | {(GC.GetTotalAllocatedBytes() - allocated) / (Months * previews):N0} B allocated | {first.Processor * 1_000 / previews:0.000} ms in the first thousand |"));

        Task<(decimal Wall, decimal Processor)> TurnAsync() => Measured.TimeAsync(async () =>
        {
            for (var i = 0; i < previews; i++)
            {
                await load.Billing.Previews.UpcomingAsync(TenantId.Default, load.Subscription);
            }
        });

        // Until the runtime compiles next to nothing anew: what is called often is compiled three times, beside the calls.
        async Task WarmUpAsync()
        {
            const int most = 20;
            const int few = 5;
            for (var (turn, compiled) = (0, 0L); turn < most && JitInfo.GetCompiledMethodCount() - compiled > few; turn++)
            {
                compiled = JitInfo.GetCompiledMethodCount();
                await TurnAsync();
            }
        }

        string Of(List<(decimal Wall, decimal Processor)> measured, Func<(decimal Wall, decimal Processor), decimal> part) =>
            string.Create(CultureInfo.InvariantCulture, $"{Measured.Median(measured.ConvertAll(turn => part(turn))) * 1_000 / previews:0.000} ({measured.Min(part) * 1_000 / previews:0.000}–{measured.Max(part) * 1_000 / previews:0.000})");
    }

    private static async Task LinearAsync(string file, int most, bool passes)
    {
        var (few, many) = (Math.Max(most / 100, 1), most);
        var costs = new List<(decimal Wall, decimal Processor)>();
        foreach (var subscriptions in (int[])[few, many])
        {
            await using var load = await RunLoad.OpenAsync(builder => builder.UseSqlite($"Data Source={file}-{subscriptions}.db"), subscriptions);
            await load.RunAsync(subscriptions, passes);
            var (wall, processor) = (new List<decimal>(), new List<decimal>());
            for (var month = 0; month < (subscriptions == few ? 2 * Months : 1); month++)
            {
                await load.PassMonthAsync();
                var spent = await Measured.TimeAsync(() => load.RunAsync(subscriptions, passes));
                wall.Add(spent.Wall * 1_000_000 / subscriptions);
                processor.Add(spent.Processor * 1_000_000 / subscriptions);
            }

            costs.Add((Measured.Median(wall), Measured.Median(processor)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| SQLite, {subscriptions:N0} subscriptions | {costs[^1].Wall:0} µs an invoice | {costs[^1].Processor:0} µs of processor time |"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {many:N0} against {few:N0} subscriptions | {costs[1].Wall / costs[0].Wall:0.00} | {costs[1].Processor / costs[0].Processor:0.00} |"));
    }

    private static async Task YearsAsync(int subscriptions)
    {
        const int years = 2;
        await using var load = await RunLoad.OpenAsync(builder => builder.UseSqlite("Data Source=years;Mode=Memory;Cache=Shared"), subscriptions);
        var (billing, all, allocated) = (0m, Stopwatch.StartNew(), GC.GetTotalAllocatedBytes());
        for (var month = 0; month < years * 12; month++)
        {
            billing += (await Measured.TimeAsync(() => load.RunAsync(subscriptions))).Wall;
            await load.PassMonthAsync();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {years} years of {subscriptions:N0} subscriptions in memory | {all.Elapsed.TotalSeconds:0.0} s, of that {billing:0.0} s of runs | {(GC.GetTotalAllocatedBytes() - allocated) / (years * 12 * subscriptions):N0} B allocated an invoice |"));
    }

    private static async Task MigrateAsync(Action<BillingBuilder> use)
    {
        await using var provider = new ServiceCollection().AddBilling(use).BuildServiceProvider();
        await provider.GetRequiredService<Billing>().MigrateAsync();
    }

    private static async Task CompareAsync(string name, RunLoad load, Func<Task<List<FinalRows>>> read, Func<List<FinalRows>, Task> insert)
    {
        var (ratios, processor, mine, theirs) = (new List<decimal>(), new List<decimal>(), new List<decimal>(), new List<decimal>());
        await load.RunAsync(load.Subscriptions);
        await insert(await read());
        var rows = 0;
        for (var month = 0; month < Months; month++)
        {
            await load.PassMonthAsync();
            var ours = await Measured.TimeAsync(() => load.RunAsync(load.Subscriptions));
            var final = await read();
            rows = final.Sum(table => table.Rows.Count);
            var bare = await Measured.TimeAsync(() => insert(final));
            ratios.Add(bare.Wall / ours.Wall);
            processor.Add(bare.Processor / ours.Processor);
            mine.Add(ours.Wall * 1_000_000 / load.Subscriptions);
            theirs.Add(bare.Wall * 1_000_000 / load.Subscriptions);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name}, {load.Subscriptions:N0} subscriptions, {rows:N0} rows | {Measured.Median(ratios):0.00} | {ratios.Min():0.00}–{ratios.Max():0.00} | {Measured.Median(processor):0.00} | {Measured.Median(mine):0} µs, {1_000_000 / Measured.Median(mine):N0} invoices/s | {Measured.Median(theirs):0} µs |"));
    }
}
