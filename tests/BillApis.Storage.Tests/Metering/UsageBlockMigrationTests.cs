using BillApis.Metering;
using BillApis.Sqlite;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Events that were stored a row each are found in blocks afterwards, those too that the indexes did not have yet.</summary>
public sealed class UsageBlockMigrationTests : IDisposable
{
    private const int Count = 200;
    private const int Indexed = 100;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 2, 3, 4);
    private readonly string _path = SqliteFile.NewPath();
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();
    private readonly MetricId[] _metrics = [EntityId.New<MetricId>(), EntityId.New<MetricId>()];
    private readonly SubscriptionId _subscription = EntityId.New<SubscriptionId>();

    [Fact]
    public async Task Rows_become_blocks_with_the_same_numbers()
    {
        var token = TestContext.Current.CancellationToken;
        await FillAsync(token);
        await using var node = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider();
        await node.GetRequiredService<Billing>().MigrateAsync(token);
        var store = node.GetRequiredService<IUsageStore>();

        var all = await store.ListEventsAsync(_tenant, new UsageQuery { Limit = Limits.PageSize }, token);
        var more = await store.ListEventsAsync(_tenant, new UsageQuery { Limit = Limits.PageSize, After = all.Next }, token);
        var events = (all.Next is null ? all.Items : [.. all.Items, .. more.Items]).OrderBy(item => item.Event.Timestamp).ToList();
        events.Select(item => item.Event.Id).ShouldBe(Numbers.Select(Id));
        foreach (var item in events)
        {
            var number = int.Parse(item.Event.Id[2..], System.Globalization.CultureInfo.InvariantCulture);
            item.Customer.ShouldBe(number % 3 == 0 ? null : _customer);
            item.Event.SubscriptionId.ShouldBe(number % 5 == 0 ? _subscription : null);
            item.Metrics.ShouldBe(number % 3 == 0 ? [] : _metrics);
            item.Event.Properties.ToString().ShouldBe($$"""{"ü":{{number}}}""");
            (item.Event.Type, item.Event.Customer, item.Event.Source, item.RecordedAt).ShouldBe(("call", "acme", "api", Start));
        }

        (await store.ListEventsAsync(_tenant, new UsageQuery { Customer = _customer, Limit = 5 }, token)).Items.Select(item => item.Event.Id).ShouldBe(["e-200", "e-199", "e-197", "e-196", "e-194"]);
        (await store.FindEventAsync(_tenant, "api", "e-164", token))!.Event.Timestamp.ShouldBe(Start + Duration.FromSeconds(164));
        (await store.FindEventAsync(_tenant, "api", "e-72", token)).ShouldBeNull();

        StampedEvent Again(int number, string hash) => new() { Event = events[0].Event with { Id = Id(number) }, At = Start, RecordedAt = Start, Hash = hash };
        var results = await store.AppendAsync(_tenant, [Again(1, "hash 1"), Again(200, "hash 200"), Again(64, "other"), Again(72, "new"), Again(201, "new")], token);
        results.Select(result => result.Outcome).ShouldBe([AppendOutcome.Duplicate, AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Accepted, AppendOutcome.Accepted]);
        (await store.FindEventAsync(_tenant, "api", "e-72", token)).ShouldNotBeNull();
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }

    // Some numbers are missing, as where somebody deleted them by hand.
    private static IEnumerable<int> Numbers => Enumerable.Range(1, Count).Where(number => number is < 70 or > 75);

    private static string Id(int number) => $"e-{number}";

    private async Task FillAsync(CancellationToken token)
    {
        await using var connection = new SqliteConnection($"Data Source={_path};Pooling=False");
        await connection.OpenAsync(token);
        SqliteDecimals.Register(connection);
        await connection.MigrateBelowAsync("sqlite", 100);

        await connection.ExecuteAsync("insert into billing_usage_source (no, tenant_id, source) values (7, @Tenant, 'api')", new { Tenant = _tenant.ToString() });
        foreach (var number in Numbers)
        {
            await connection.ExecuteAsync(
                """
                insert into billing_usage_event (seq, source_no, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
                values (@number, 7, @Id, 'call', 'acme', @Customer, @Subscription, @At, @RecordedAt, @Properties, @Hash, @Metrics)
                """,
                new
                {
                    number, Id = Id(number), Customer = number % 3 == 0 ? null : _customer.ToString(), Subscription = number % 5 == 0 ? _subscription.ToString() : "",
                    At = (Start + Duration.FromSeconds(number)).ToMicroseconds(), RecordedAt = Start.ToMicroseconds(), Properties = $$"""{"ü":{{number}}}""", Hash = $"hash {number}",
                    Metrics = number % 3 == 0 ? "" : string.Join(' ', _metrics),
                });
        }

        await connection.ExecuteAsync(
            """
            insert into billing_usage_key select source_no, id, seq from billing_usage_event where seq <= @Indexed;
            insert into billing_usage_customer select customer_id, at, seq from billing_usage_event where seq <= @Indexed and customer_id is not null;
            insert into billing_usage_time select @Tenant, at, seq from billing_usage_event where seq <= @Indexed;
            update billing_usage_progress set indexed = @Indexed;
            """,
            new { Indexed, Tenant = _tenant.ToString() });
    }
}
