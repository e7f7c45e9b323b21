using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Processes that count totals anew are killed (kill -9) at any moment: each total is as it was or as it is to be, and whoever comes next does the rest.</summary>
public abstract class RebuildCrashTests(string database) : WorkerTests(database)
{
    private const int Events = 1_000;
    private static readonly int Kills = KillsOr(6);
    private static readonly int Seed = SeedOr(20261126);

    [Fact]
    public async Task Each_total_is_as_it_was_or_as_it_is_to_be()
    {
        await IntakeWork.CreateAsync(Billing, IntakeWork.Sum);
        (await Billing.Usage.RecordAsync(TenantId.Default, [.. Enumerable.Range(0, Events).Select(RebuildWork.Event)], Stop)).Accepted.ShouldBe(Events);
        (await Billing.Usage.VerifyAsync(TenantId.Default, Stop).ToListAsync(Stop)).ShouldAllBe(step => step.Differences.IsEmpty);
        var (right, random, half) = (await TotalsAsync(), new Random(Seed), 0);
        await SpoilAsync();
        var wrong = await TotalsAsync();
        wrong.Keys.ShouldBe(right.Keys);
        for (var kill = 1; kill <= Kills; kill++)
        {
            using (var worker = await StartAsync(nameof(RebuildWork), ""))
            {
                await worker.AnsweredAsync();
                await KillAfterAsync(worker, random.Next(40));
            }

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

    private Task<int> SpoilAsync() => Services.GetRequiredService<SqlDatabase>().WriteAsync(
        TenantId.Default, transaction => transaction.Connection!.ExecuteAsync("update billing_usage_total set events = events + 1, value_sum = '7'", transaction: transaction), Stop);

    private async Task<SortedDictionary<string, string>> TotalsAsync()
    {
        await using var connection = await Services.GetRequiredService<SqlDatabase>().OpenAsync(TenantId.Default, Stop);
        var rows = await connection.QueryAsync<(string Key, string Value)>(
            "select level || ' ' || hour || ' ' || customer_id || ' ' || metric_id || ' ' || dimensions, events || ' ' || cast(value_sum as text) from billing_usage_total");
        return new SortedDictionary<string, string>(rows.ToDictionary(row => row.Key, row => row.Value), StringComparer.Ordinal);
    }
}

public sealed class SqliteRebuildCrashTests() : RebuildCrashTests(Node.Sqlite);

public sealed class PostgresRebuildCrashTests() : RebuildCrashTests(Node.Postgres);
