using System.Diagnostics;
using System.Globalization;
using BillApis.Metering;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Processes that apply a backfill are killed (kill -9) at any moment: all of it counts, or nothing, and whoever comes next goes on from there.</summary>
public abstract class BackfillCrashTests(string database) : IAsyncLifetime
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_CRASH_KILLS") ?? "8", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_CRASH_SEED") ?? "20261125", CultureInfo.InvariantCulture);
    private string _connection = "";
    private ServiceProvider _node = null!;

    private Billing Billing => _node.GetRequiredService<Billing>();

    public async ValueTask InitializeAsync()
    {
        _connection = await NewDatabaseAsync();
        _node = Node.Open(database, _connection);
        await Billing.MigrateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await DropAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task All_of_a_backfill_counts_or_nothing_of_it()
    {
        await Billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "sum", Name = "Sum", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" }, Stop);
        for (var i = 0; i < IntakeWork.Customers; i++)
        {
            await Billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") }, Stop);
        }

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
            await ApplyAsync(open, async worker =>
            {
                await Task.Delay(random.Next(whole), Stop);
                await worker.KillAsync();
            });
            await LetServerEndAsync(_connection);
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

    protected abstract Task<string> NewDatabaseAsync();

    protected abstract Task DropAsync();

    protected virtual string OfWorker(string connection) => connection;

    protected virtual Task LetServerEndAsync(string connection) => Task.CompletedTask;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private async Task ApplyAsync(string backfill, Func<WorkerProcess, Task> end)
    {
        using var worker = await WorkerProcess.StartAsync(nameof(BackfillWork), database, OfWorker(_connection), backfill);
        await end(worker);
    }

    private async Task<decimal> SumAsync()
    {
        var sum = 0m;
        for (var customer = 0; customer < IntakeWork.Customers; customer++)
        {
            var query = new UsageSummaryQuery { Customer = $"customer-{customer}", Metric = "sum", Period = new Interval(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0)) };
            sum += (await Billing.Usage.SummaryAsync(TenantId.Default, query, Stop)).Sum(row => row.Value);
        }

        return sum;
    }
}
