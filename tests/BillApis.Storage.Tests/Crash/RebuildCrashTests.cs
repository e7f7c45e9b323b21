using System.Globalization;
using BillApis.Metering;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Processes that count totals anew are killed (kill -9) at any moment: each total is as it was or as it is to be, and whoever comes next does the rest.</summary>
public abstract class RebuildCrashTests(string database) : IAsyncLifetime
{
    private const int Events = 1_000;
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_CRASH_KILLS") ?? "6", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_CRASH_SEED") ?? "20261126", CultureInfo.InvariantCulture);
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
    public async Task Each_total_is_as_it_was_or_as_it_is_to_be()
    {
        await Billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "sum", Name = "Sum", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" }, Stop);
        for (var i = 0; i < IntakeWork.Customers; i++)
        {
            await Billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") }, Stop);
        }

        (await Billing.Usage.RecordAsync(TenantId.Default, [.. Enumerable.Range(0, Events).Select(RebuildWork.Event)], Stop)).Accepted.ShouldBe(Events);
        (await Billing.Usage.VerifyAsync(TenantId.Default, Stop).ToListAsync(Stop)).ShouldAllBe(step => step.Differences.IsEmpty);
        var (right, random, half) = (await TotalsAsync(), new Random(Seed), 0);
        await SpoilAsync();
        var wrong = await TotalsAsync();
        wrong.Keys.ShouldBe(right.Keys);
        for (var kill = 1; kill <= Kills; kill++)
        {
            using (var worker = await WorkerProcess.StartAsync(nameof(RebuildWork), database, OfWorker(_connection), ""))
            {
                await worker.AnsweredAsync();
                await Task.Delay(random.Next(40), Stop);
                await worker.KillAsync();
            }

            await LetServerEndAsync(_connection);
            var left = await TotalsAsync();
            left.Keys.ShouldBe(right.Keys, $"kill {kill}, seed {Seed}");
            left.ShouldAllBe(total => total.Value == right[total.Key] || total.Value == wrong[total.Key]);
            half += left.Values.SequenceEqual(right.Values) ? 0 : 1;
            (await Billing.Usage.RebuildAsync(TenantId.Default, Stop).ToListAsync(Stop)).Sum(step => step.Events).ShouldBe(Events);
            (await TotalsAsync()).ShouldBe(right);
            await SpoilAsync();
        }

        half.ShouldBePositive("no kill came in the midst");
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}: {half} of {Kills} kills left totals to be set");
    }

    protected abstract Task<string> NewDatabaseAsync();

    protected abstract Task DropAsync();

    protected virtual string OfWorker(string connection) => connection;

    protected virtual Task LetServerEndAsync(string connection) => Task.CompletedTask;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task<int> SpoilAsync() => _node.GetRequiredService<SqlDatabase>().WriteAsync(
        TenantId.Default, transaction => transaction.Connection!.ExecuteAsync("update billing_usage_total set events = events + 1, value_sum = '7'", transaction: transaction), Stop);

    private async Task<SortedDictionary<string, string>> TotalsAsync()
    {
        await using var connection = await _node.GetRequiredService<SqlDatabase>().OpenAsync(TenantId.Default, Stop);
        var rows = await connection.QueryAsync<(string Key, string Value)>(
            "select level || ' ' || hour || ' ' || customer_id || ' ' || metric_id || ' ' || dimensions, events || ' ' || cast(value_sum as text) from billing_usage_total");
        return new SortedDictionary<string, string>(rows.ToDictionary(row => row.Key, row => row.Value), StringComparer.Ordinal);
    }
}

public sealed class SqliteRebuildCrashTests() : RebuildCrashTests(Node.Sqlite)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("billapis-rebuild-");

    protected override Task<string> NewDatabaseAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, "billing.db")}");

    protected override Task DropAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}

public sealed class PostgresRebuildCrashTests() : RebuildCrashTests(Node.Postgres)
{
    protected override Task<string> NewDatabaseAsync() => PostgresServer.NewDatabaseAsync();

    protected override Task DropAsync() => Task.CompletedTask;

    protected override string OfWorker(string connection) => PostgresWorkers.Named(connection);

    protected override Task LetServerEndAsync(string connection) => PostgresWorkers.LetEndAsync(connection);
}
