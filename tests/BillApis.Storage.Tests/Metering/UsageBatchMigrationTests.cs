using BillApis.Metering;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Events that were a row each are found in batches afterwards: by customer, by time and by key.</summary>
public sealed class UsageBatchMigrationTests
{
    private const int Events = 2_500;
    private static readonly Instant Start = Instant.FromUtc(2025, 11, 30, 22, 15);
    private static readonly CustomerId[] Customers = [EntityId.New<CustomerId>(), EntityId.New<CustomerId>(), EntityId.New<CustomerId>()];

    [Fact]
    public async Task Stored_events_move_into_batches_with_their_keys()
    {
        var (token, tenants) = (TestContext.Current.CancellationToken, new[] { EntityId.New<TenantId>(), EntityId.New<TenantId>() });
        var database = await PostgresServer.NewDatabaseAsync();
        await FillAsync(database, tenants, token);

        await using var node = new ServiceCollection().AddBilling(billing => billing.UsePostgres(database)).BuildServiceProvider();
        await node.GetRequiredService<Billing>().MigrateAsync(token);
        var store = node.GetRequiredService<IUsageStore>();
        foreach (var tenant in tenants)
        {
            (await ListAsync(store, tenant, new UsageQuery { Limit = 499 }, token)).ShouldBe([.. Enumerable.Range(0, Events).Reverse()]);
            (await ListAsync(store, tenant, new UsageQuery { Customer = Customers[1], Limit = 250 }, token)).ShouldBe([.. Enumerable.Range(0, Events).Reverse().Where(i => i % 4 == 1)]);
            (await ListAsync(store, tenant, new UsageQuery { From = At(100), To = At(103) }, token)).ShouldBe([102, 101, 100]);
            var found = (await store.FindEventAsync(tenant, "Zähler", "№ 7", token))!;
            (found.Event.Type, found.Event.Customer, found.Customer, found.Event.Timestamp, found.RecordedAt).ShouldBe(("call", "kunde-3", null, At(7), At(8)));
            found.Event.Properties.ToString().ShouldBe(UsageProperties.Of(("ort", "Köln\u001e"), ("n", 7)).ToString());

            StampedEvent Again(int i, string hash) => new() { Event = found.Event with { Id = $"№ {i}" }, At = At(i), RecordedAt = At(i), Hash = hash };
            var results = await store.AppendAsync(tenant, [Again(8, "hash 8"), Again(2_499, "other"), Again(2_500, "new")], token);
            results.Select(result => result.Outcome).ShouldBe([AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Accepted]);
        }
    }

    private static async Task FillAsync(string database, TenantId[] tenants, CancellationToken token)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(token);
        await connection.MigrateBelowAsync("postgres", 105);

        await connection.ExecuteAsync(
            """
            insert into billing_usage_event (tenant_id, source, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
            values (@Tenant, 'Zähler', @Id, 'call', @Name, @Customer, '', @At, @RecordedAt, @Properties, @Hash, '')
            """,
            tenants.SelectMany(tenant => Enumerable.Range(0, Events).Select(i => new
            {
                Tenant = tenant.ToString(), Id = $"№ {i}", Name = $"kunde-{i % 4}", Customer = i % 4 == 3 ? null : Customers[i % 4].ToString(), At = At(i).ToMicroseconds(), RecordedAt = At(i + 1).ToMicroseconds(),
                Properties = UsageProperties.Of(("ort", "Köln\u001e"), ("n", i)).ToString(), Hash = $"hash {i}",
            })));
    }

    // Over the end of a month and many hours.
    private static Instant At(int i) => Start + Duration.FromMinutes(7 * i);

    private static async Task<List<int>> ListAsync(IUsageStore store, TenantId tenant, UsageQuery query, CancellationToken token)
    {
        var events = new List<int>();
        for (var page = await store.ListEventsAsync(tenant, query, token); ; page = await store.ListEventsAsync(tenant, query with { After = page.Next }, token))
        {
            foreach (var item in page.Items)
            {
                var i = int.Parse(item.Event.Id[2..], System.Globalization.CultureInfo.InvariantCulture);
                (item.Event.Timestamp, item.RecordedAt, item.Customer).ShouldBe((At(i), At(i + 1), i % 4 == 3 ? null : Customers[i % 4]));
                events.Add(i);
            }

            if (page.Next is null)
            {
                return events;
            }
        }
    }
}
