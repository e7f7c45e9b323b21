using System.Globalization;
using BillApis.Pricing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>64 threads in each of several processes that are killed at any moment: the limit is never exceeded, no answered commit is lost, and what the dead held comes back.</summary>
public abstract class ReservationCrashTests(string database, int processes) : WorkerTests(database)
{
    private static readonly int Kills = KillsOr(8);

    // So much that it is used up by the end, and not long before.
    private static readonly decimal Limit = 125 * Kills;
    private const int Seed = 20261125;
    private readonly Random _random = new(Seed);
    private readonly Dictionary<ReservationId, decimal> _answered = [];
    private QuotaKey _quota;

    private IReservationStore Store => Services.GetRequiredService<IReservationStore>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var feature = await Billing.Features.CreateAsync(TenantId.Default, new Feature { Code = ReservationWork.Feature, Name = "Calls" }, Stop);
        var customer = await Billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Acme", Currency = Currency.Parse("USD") }, Stop);
        var terms = new Entitlement(feature.Id, EntitlementType.Metered) { Limit = Limit, Reset = UsageReset.Never };
        await Billing.Entitlements.GrantAsync(TenantId.Default, new NewEntitlement(customer.Id.ToString(), terms), Stop);
        _quota = new QuotaKey(customer.Id, feature.Id.ToString(), Instant.FromUnixTimeSeconds(0));
    }

    [Fact]
    public async Task A_limit_holds_whoever_is_killed()
    {
        var workers = new List<WorkerProcess>();
        for (var kill = 0; kill < Kills; kill++)
        {
            while (workers.Count < processes)
            {
                workers.Add(await StartAsync(nameof(ReservationWork), _quota.Customer.ToString()));
            }

            if (kill % 5 != 4)
            {
                await Task.WhenAll(workers.Select(worker => worker.AnsweredAsync()));
            }

            await Task.Delay(_random.Next(600), Stop);
            await EndAsync(workers, _random.Next(processes));
            (await Store.CountAsync(TenantId.Default, _quota, Stop)).Taken.ShouldBeLessThanOrEqualTo(Limit, $"kill {kill}, seed {Seed}");
        }

        while (workers.Count > 0)
        {
            await EndAsync(workers, 0);
        }

        // What the dead held comes back, and the limit is used up to the last unit.
        for (var idle = 0; idle < 100;)
        {
            idle = await ReservationWork.TryAsync(Billing, _quota.Customer.ToString(), 0) ? 0 : idle + 1;
            await Task.Delay(idle == 0 ? 0 : 20, Stop);
        }

        var count = await Store.CountAsync(TenantId.Default, _quota, Stop);
        (count.Reserved, Limit - count.Used).ShouldSatisfyAllConditions(item => item.Reserved.ShouldBe(0), item => item.Item2.ShouldBeInRange(0, ReservationWork.Quantity / 2));
        foreach (var (id, actual) in _answered)
        {
            (await Store.FindAsync(TenantId.Default, id, Stop))!.Actual.ShouldBe(actual, $"seed {Seed}: what was answered is gone");
        }

        _answered.Count.ShouldBeGreaterThan(100);
        (await CommittedAsync()).ShouldBe(count.Used);
        TestContext.Current.TestOutputHelper!.WriteLine($"{Database}: {Kills} kills, seed {Seed}: {_answered.Count} answered commits, {count.Used} of {Limit} used");
    }

    private async Task EndAsync(List<WorkerProcess> workers, int index)
    {
        using var worker = workers[index];
        workers.RemoveAt(index);
        await worker.KillAsync();
        foreach (var line in worker.Said.Where(line => line.EndsWith('.')))
        {
            var parts = line[..^1].Split(' ');
            _answered[EntityId.Parse<ReservationId>(parts[0])] = decimal.Parse(parts[1], CultureInfo.InvariantCulture);
        }
    }

    // Added up from the reservations themselves.
    private async Task<decimal> CommittedAsync()
    {
        await using var connection = await Services.GetRequiredService<Sql.SqlDatabase>().OpenAsync(null, Stop);
        var amounts = await Dapper.SqlMapper.QueryAsync<string>(connection, "select actual from billing_reservation where state = 'committed'");
        return amounts.Sum(amount => decimal.Parse(amount, CultureInfo.InvariantCulture));
    }
}

public sealed class SqliteReservationCrashTests() : ReservationCrashTests(Node.Sqlite, processes: 1);

public sealed class PostgresReservationCrashTests() : ReservationCrashTests(Node.Postgres, processes: 4);
