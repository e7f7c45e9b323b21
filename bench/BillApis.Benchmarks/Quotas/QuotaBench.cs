using System.Diagnostics;
using System.Globalization;
using BillApis.Benchmarks.Usage;
using BillApis.Pricing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Benchmarks.Quotas;

/// <summary>A check of an entitlement that is in memory beside a look into a dictionary, and a reservation with its commit beside one autocommitted update.</summary>
internal static class QuotaBench
{
    private const string Customer = "acme";
    private const int Callers = 16;
    private const int EachCaller = 64;
    private const int Turns = 25;

    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        try
        {
            await using var services = new ServiceCollection().AddBilling(builder => builder.UseSqlite($"Data Source={Path.Combine(folder.FullName, "quotas.db")}")).BuildServiceProvider();
            var billing = await OpenAsync(services);
            await CheckAsync(billing);
            await ReserveAsync(billing, Path.Combine(folder.FullName, "bare.db"));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Billing> OpenAsync(ServiceProvider services)
    {
        var billing = services.GetRequiredService<Billing>();
        await billing.MigrateAsync();
        await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = Customer, Currency = Currency.Parse("USD") });
        await GrantAsync(billing, "export", id => new Entitlement(id, EntitlementType.Boolean));
        await GrantAsync(billing, "calls", id => new Entitlement(id, EntitlementType.Metered) { Limit = 1_000_000_000, Overage = Overage.Block });
        return billing;
    }

    private static async Task GrantAsync(Billing billing, string code, Func<FeatureId, Entitlement> terms)
    {
        var feature = await billing.Features.CreateAsync(TenantId.Default, new Feature { Code = code, Name = code });
        await billing.Entitlements.GrantAsync(TenantId.Default, new NewEntitlement(Customer, terms(feature.Id)));
    }

    private static async Task CheckAsync(Billing billing)
    {
        var dictionary = new Dictionary<(TenantId, string, string), decimal> { [(TenantId.Default, Customer, "calls")] = 1 };
        foreach (var feature in (string[])["export", "calls"])
        {
            for (var warm = 0; warm < 3; warm++)
            {
                await MeasureAsync(warm == 2 ? $"check of '{feature}'" : null, async () => (await billing.Entitlements.CheckAsync(TenantId.Default, Customer, feature)).Allowed);
                Measure(warm == 2 ? "look into a dictionary" : null, () => dictionary.ContainsKey((TenantId.Default, Customer, "calls")));
            }
        }
    }

    private static async Task MeasureAsync(string? name, Func<ValueTask<bool>> check)
    {
        const int count = 2_000_000;
        var (before, clock, allowed) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp(), 0);
        for (var i = 0; i < count; i++)
        {
            allowed += await check() ? 1 : 0;
        }

        Print(name, count, allowed, clock, before);
    }

    private static void Measure(string? name, Func<bool> look)
    {
        const int count = 2_000_000;
        var (before, clock, allowed) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp(), 0);
        for (var i = 0; i < count; i++)
        {
            allowed += look() ? 1 : 0;
        }

        Print(name, count, allowed, clock, before);
    }

    private static void Print(string? name, int count, int allowed, long clock, long before)
    {
        var (took, bytes) = (Stopwatch.GetElapsedTime(clock), GC.GetTotalAllocatedBytes() - before);
        if (allowed != count)
        {
            throw new InvalidOperationException("Every check must be answered with yes.");
        }

        if (name is not null)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {took.Ticks * 100m / count:0} ns | {(decimal)bytes / count:0.00} B |"));
        }
    }

    private static async Task ReserveAsync(Billing billing, string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var update = connection.CreateCommand();
        update.CommandText = "pragma journal_mode = wal; pragma synchronous = full; create table quota (id integer primary key, used integer not null); insert into quota values (1, 0)";
        await update.ExecuteNonQueryAsync();
        update.CommandText = "update quota set used = used + 1 where id = 1";
        await Measured.CompareAsync(
            "SQLite, reserve and commit by 16 callers against an autocommitted update",
            Turns,
            () => Task.FromResult(0),
            _ => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < EachCaller; i++)
                {
                    var set = await billing.Reservations.ReserveAsync(TenantId.Default, new NewReservation(Customer) { Feature = "calls" });
                    await billing.Reservations.CommitAsync(TenantId.Default, ((Allowed)set).Id, 1);
                }
            }))),
            () => Task.FromResult(0),
            _ =>
            {
                for (var i = 0; i < Callers * EachCaller; i++)
                {
                    update.ExecuteNonQuery();
                }

                return Task.CompletedTask;
            });
    }
}
