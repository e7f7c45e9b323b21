using BillApis.Metering;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Events that were stored before the log are found in it afterwards.</summary>
public sealed class UsageLogMigrationTests : IDisposable
{
    private readonly string _path = SqliteFile.NewPath();

    [Fact]
    public async Task Stored_events_move_into_the_log_with_their_keys()
    {
        var token = TestContext.Current.CancellationToken;
        var (tenant, customer, at) = (EntityId.New<TenantId>(), EntityId.New<CustomerId>(), Instant.FromUtc(2026, 1, 2, 3, 4));
        await using (var connection = new SqliteConnection($"Data Source={_path};Pooling=False"))
        {
            await connection.OpenAsync(token);
            await connection.MigrateBelowAsync("sqlite", 40);

            foreach (var (id, source) in (ReadOnlySpan<(string, string)>)[("b", "api"), ("a", "api"), ("a", "cdn")])
            {
                connection.Execute(
                    """
                    insert into billing_usage_event (tenant_id, source, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
                    values (@Tenant, @source, @id, 'call', 'acme', @Customer, '', @At, @At, '{"n":1.5}', @Hash, '')
                    """,
                    new { Tenant = tenant.ToString(), source, id, Customer = customer.ToString(), At = at.ToMicroseconds(), Hash = $"hash of {id}" });
            }
        }

        await using var node = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider();
        await node.GetRequiredService<Billing>().MigrateAsync(token);
        var store = node.GetRequiredService<IUsageStore>();
        var events = (await store.ListEventsAsync(tenant, new UsageQuery { Customer = customer }, token)).Items;
        events.Select(item => $"{item.Event.Source} {item.Event.Id}").ShouldBe(["cdn a", "api b", "api a"]);
        events.ShouldAllBe(item => item.Event.Timestamp == at && item.RecordedAt == at && item.Event.Properties.ToString() == "{\"n\":1.5}");

        StampedEvent Again(string id, string hash) => new() { Event = events[0].Event with { Id = id }, At = at, RecordedAt = at, Hash = hash };
        var results = await store.AppendAsync(tenant, [Again("a", "hash of a"), Again("a", "other"), Again("b", "hash of b")], token);
        results.Select(result => result.Outcome).ShouldBe([AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Accepted]);
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }
}
