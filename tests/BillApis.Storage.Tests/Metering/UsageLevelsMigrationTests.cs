using System.Data.Common;
using BillApis.Metering;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace BillApis.Storage.Tests.Metering;

/// <summary>A database with hourly totals becomes one with hours, days and months, and answers the same.</summary>
public sealed class UsageLevelsMigrationTests
{
    private static readonly TenantId Tenant = EntityId.New<TenantId>();
    private static readonly CustomerId Customer = EntityId.New<CustomerId>();
    private static readonly Metric Sum = New(Aggregation.Sum);
    private static readonly Metric Max = New(Aggregation.Max);
    private static readonly Metric Latest = New(Aggregation.Latest);
    private static readonly Metric Unique = New(Aggregation.UniqueCount);

    [Fact]
    public async Task On_sqlite()
    {
        var path = SqliteFile.NewPath();
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await FillAsync(connection, "sqlite");
        }

        await CheckAsync(new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={path}")).BuildServiceProvider());
        SqliteFile.Delete(path);
    }

    [Fact]
    public async Task On_postgres()
    {
        var database = await PostgresServer.NewDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await FillAsync(connection, "postgres");
        }

        await CheckAsync(new ServiceCollection().AddBilling(billing => billing.UsePostgres(database)).BuildServiceProvider());
    }

    // As a program of before the levels left it: what follows is in its hours.
    private static async Task FillAsync(DbConnection connection, string dialect)
    {
        await connection.MigrateBelowAsync(dialect, 50);

        foreach (var (day, hour, value) in new[] { (1, 0, "0.5"), (1, 23, "10.25"), (15, 7, "-3"), (31, 23, "7.000000000001"), (32, 0, "9") })
        {
            var at = Instant.FromUtc(2025, 12, 31, hour, 0) + Duration.FromDays(day);
            foreach (var metric in new[] { Sum, Max, Latest, Unique })
            {
                var key = new
                {
                    Tenant = Tenant.ToString(), Customer = Customer.ToString(), Metric = metric.Id.ToString(), Hour = at.ToUnixTimeSeconds() / 3_600, At = at.ToUnixTimeTicks() / 10, Tie = $"{day}\napi", Value = value,
                };
                var number = dialect == "sqlite" ? "@Value" : "cast(@Value as numeric)";
                await connection.ExecuteAsync($"insert into billing_usage_total values (@Tenant, @Customer, @Metric, @Hour, '', '{{}}', 2, {number}, {number}, {number}, @At, @Tie, {number})", key);
                await connection.ExecuteAsync("insert into billing_usage_item values (@Tenant, @Customer, @Metric, @Hour, '', '{}', 'everywhere'), (@Tenant, @Customer, @Metric, @Hour, '', '{}', @Value)", key);
            }
        }
    }

    private static async Task CheckAsync(ServiceProvider provider)
    {
        await using var node = provider;
        await node.GetRequiredService<IMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
        var (january, short_) = (Period(1, 0, 32, 0), Period(1, 1, 31, 23));
        (await ReadAsync(node, Sum, january)).ShouldBe((14.750000000001m, 8));
        (await ReadAsync(node, Sum, short_)).ShouldBe((7.25m, 4));
        (await ReadAsync(node, Sum, Period(1, 0, 60, 0))).ShouldBe((23.750000000001m, 10));
        (await ReadAsync(node, Max, january)).ShouldBe((10.25m, 8));
        (await ReadAsync(node, Latest, january)).ShouldBe((7.000000000001m, 8));
        (await ReadAsync(node, Latest, short_)).ShouldBe((-3m, 4));
        (await ReadAsync(node, Unique, january)).ShouldBe((5m, 8));
        (await ReadAsync(node, Unique, short_)).ShouldBe((3m, 4));
    }

    private static async Task<(decimal, long)> ReadAsync(ServiceProvider node, Metric metric, Interval period)
    {
        var read = await node.GetRequiredService<IUsageStore>().ReadAsync(Tenant, [new UsageRequest(metric, Customer, period)], TestContext.Current.CancellationToken);
        return (read[0].Groups.ShouldHaveSingleItem().Value, read[0].Events);
    }

    private static Interval Period(int fromDay, int fromHour, int toDay, int toHour)
    {
        var start = Instant.FromUtc(2025, 12, 31, 0, 0);
        return new Interval(start + Duration.FromDays(fromDay) + Duration.FromHours(fromHour), start + Duration.FromDays(toDay) + Duration.FromHours(toHour));
    }

    private static Metric New(Aggregation aggregation) => new() { Code = $"{aggregation}", Name = "M", EventType = "e", Aggregation = aggregation, Property = "v", AllowNegative = true };
}
