using System.Data.Common;
using BillApis.Metering;
using BillApis.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace BillApis.Storage.Tests.Metering;

/// <summary>What was billed before the latest of it had a row of its own stays closed, of each tenant as far as it was.</summary>
public sealed class UsageGateMigrationTests
{
    private static readonly Instant Early = Instant.FromUtc(2026, 2, 1, 0, 0);
    private static readonly Instant Late = Instant.FromUtc(2026, 3, 1, 0, 0);
    private static readonly TenantId Two = EntityId.New<TenantId>();
    private static readonly TenantId One = EntityId.New<TenantId>();
    private static readonly TenantId None = EntityId.New<TenantId>();
    private static readonly CustomerId Acme = EntityId.New<CustomerId>();
    private static readonly CustomerId Globex = EntityId.New<CustomerId>();
    private static readonly SubscriptionId Subscription = EntityId.New<SubscriptionId>();
    private static readonly Metric Sum = new() { Code = "sum", Name = "Sum", EventType = "e", Aggregation = Aggregation.Sum, Property = "v" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_sqlite()
    {
        var path = SqliteFile.NewPath();
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await connection.OpenAsync(Token);
            SqliteDecimals.Register(connection);
            SqliteUsageFunctions.Register(connection);
            await FillAsync(connection, "sqlite");
            SqliteStatement.Forget(connection.Handle);
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
            await connection.OpenAsync(Token);
            await FillAsync(connection, "postgres");
        }

        await CheckAsync(new ServiceCollection().AddBilling(billing => billing.UsePostgres(database)).BuildServiceProvider());
    }

    private static async Task FillAsync(DbConnection connection, string dialect)
    {
        await connection.MigrateBelowAsync(dialect, 350);
        foreach (var (tenant, customer, until) in new[] { (Two, Globex, Late), (Two, Acme, Early), (One, Acme, Early) })
        {
            await connection.ExecuteAsync(
                "insert into billing_usage_gate (tenant_id, customer_id, metric_id, subscription_id, closed_until) values (@Tenant, @Customer, @Metric, @Subscription, @Until)",
                new { Tenant = tenant.ToString(), Customer = customer.ToString(), Metric = Sum.Id.ToString(), Subscription = Subscription.ToString(), Until = until.ToUnixTimeTicks() / 10 });
        }
    }

    private static async Task CheckAsync(ServiceProvider provider)
    {
        await using var node = provider;
        await node.GetRequiredService<IMigrator>().MigrateAsync(Token);
        (await LateAsync(node, Two, Globex, Late - Duration.Epsilon)).ShouldBeTrue();
        (await LateAsync(node, Two, Globex, Late)).ShouldBeFalse();
        (await LateAsync(node, Two, Acme, Early)).ShouldBeFalse();
        (await LateAsync(node, One, Acme, Early - Duration.Epsilon)).ShouldBeTrue();
        (await LateAsync(node, One, Acme, Early)).ShouldBeFalse();
        (await LateAsync(node, None, Acme, Early - Duration.FromDays(9))).ShouldBeFalse();

        // What is closed from here on moves it, and never back.
        await CloseAsync(node, One, Late);
        await CloseAsync(node, One, Early);
        (await LateAsync(node, One, Acme, Late - Duration.FromDays(1))).ShouldBeTrue();
        await CloseAsync(node, None, Early);
        (await LateAsync(node, None, Acme, Early - Duration.FromDays(1))).ShouldBeTrue();
    }

    private static Task CloseAsync(ServiceProvider node, TenantId tenant, Instant until) =>
        node.GetRequiredService<IUsageStore>().ClosePeriodsAsync(tenant, [new ClosedPeriod(Acme, Sum.Id, Subscription, until)], Token);

    private static async Task<bool> LateAsync(ServiceProvider node, TenantId tenant, CustomerId customer, Instant at)
    {
        var intake = new Intake([Sum], new Dictionary<string, CustomerId> { ["customer"] = customer }, Late + Duration.FromDays(9));
        var sent = new UsageEvent { Id = EntityId.New<InvoiceId>().ToString(), Source = "api", Type = "e", Customer = "customer", Timestamp = at, Properties = UsageProperties.Of(("v", 1)) };
        return (await node.GetRequiredService<IUsageStore>().AppendAsync(tenant, [.. intake.Stamp([sent]).Select(item => item.Stamped!)], Token)).ShouldHaveSingleItem().Orphan is OrphanReason.Late;
    }
}
