using System.Data.Common;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>What is merged in order, each total passing into the next wider, is stored as totals that were widened in a table.</summary>
public abstract class UsageMergeTests(StoreFixture fixture)
{
    private const int Seed = 20261127;
    private const int Rounds = 3;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 30, 20, 0);
    private readonly TenantId _merged = EntityId.New<TenantId>();
    private readonly TenantId _widened = EntityId.New<TenantId>();

    private SqlDatabase Database => fixture.Get<SqlDatabase>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // The last is more than are written by one statement.
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(1_000)]
    public async Task Totals_of_all_levels_are_those_that_a_table_of_them_gives(int most)
    {
        var random = new Random(Seed);
        var (customers, metrics, subscriptions) = (Ids<CustomerId>((most / 20) + 1), Ids<MetricId>(4), Ids<SubscriptionId>(3));
        var merge = new UsageMerge();
        for (var round = 0; round < Rounds; round++)
        {
            var totals = new UsageTotals();
            for (var i = 0; i < most; i++)
            {
                var key = new UsageKey(
                    UsageBucket.Of(UsageLevel.Hour, Start + Duration.FromHours(random.Next(60))), Of(customers), Of(metrics), random.Next(3) == 0 ? Of(subscriptions) : null, random.Next(2) == 0 ? "{}" : """{"model":"a"}""");

                // Whoever adds to one of two totals must leave the other alone: each gets its own.
                totals.Add(key, Total(i, key.Metric == metrics[0]));
                merge.Add(key, Total(i, key.Metric == metrics[0]));
                if (random.Next(4) == 0)
                {
                    var (name, item) = ($"thing-{random.Next(3)}", new UsageItem(random.Next(1, 5), Latest(i)));
                    totals.Add(key, name, item);
                    merge.Add(key, name, item);
                }
            }

            await StoreAsync(totals, merge);
        }

        foreach (var table in UsageTotals.Tables)
        {
            var widened = await RowsAsync(table, _widened);
            widened.Count.ShouldBeGreaterThan(most / 4);
            (await RowsAsync(table, _merged)).ShouldBe(widened);
        }

        T Of<T>(T[] of) => of[random.Next(of.Length)];
    }

    // 100,000 totals of 60 hours, twice: more than it keeps apart, in no order.
    [Fact]
    public async Task Many_totals_of_few_hours_take_the_room_of_few()
    {
        const int Many = 100_000, Room = 32_768;
        var (random, customer, metrics) = (new Random(Seed), EntityId.New<CustomerId>(), Ids<MetricId>(2));
        var merge = new UsageMerge();
        for (var round = 0; round < 2; round++)
        {
            var totals = new UsageTotals();
            for (var i = 0; i < Many; i++)
            {
                var metric = metrics[random.Next(metrics.Length)];
                var key = new UsageKey(UsageBucket.Of(UsageLevel.Hour, Start + Duration.FromHours(random.Next(60))), customer, metric, null, "{}");
                totals.Add(key, Total(i, metric == metrics[0]));
                merge.Add(key, Total(i, metric == metrics[0]));
            }

            merge.Capacity.ShouldBeLessThanOrEqualTo(Room);
            await StoreAsync(totals, merge);
        }

        (await RowsAsync(UsageTotals.Tables[0], _merged)).ShouldBe(await RowsAsync(UsageTotals.Tables[0], _widened));
    }

    // No two are of the same hour: there is room for all of them, and none is lost where it is looked for some that are.
    [Fact]
    public async Task Many_totals_of_as_many_hours_are_all_stored()
    {
        const int Many = 40_000;
        var (merge, customer, metric) = (new UsageMerge(), EntityId.New<CustomerId>(), EntityId.New<MetricId>());
        for (var i = 0; i < Many; i++)
        {
            merge.Add(new UsageKey(UsageBucket.Of(UsageLevel.Hour, Start + Duration.FromHours(i * 7 % Many)), customer, metric, null, "{}"), new UsageTotal { Events = i + 1 });
        }

        await WriteAsync(_merged, transaction => merge.StoreAsync(Database.Dialect, transaction, _merged, Token));
        await using var connection = await Database.OpenAsync(null, Token);
        var stored = await connection.QueryAsync<long>("select events from billing_usage_total where tenant_id = @Tenant and level = @Level", new { Tenant = _merged.ToString(), Level = (int)UsageLevel.Hour });
        stored.Order().ShouldBe(Enumerable.Range(1, Many).Select(i => (long)i));
    }

    private static T[] Ids<T>(int count)
        where T : struct, IEntityId<T> => [.. Enumerable.Range(0, count).Select(_ => EntityId.New<T>())];

    private static UsageTotal Total(int i, bool isWeighted)
    {
        var random = new Random(Seed + i);
        var sum = ExactSum.Of(random.Next(-5_000, 5_000) / 8m);
        return new UsageTotal
        {
            Events = random.Next(1, 9), Sum = isWeighted || i % 2 == 0 ? sum : null, Moment = isWeighted ? sum * random.Next(1_000_000) : null,
            Max = Value(random, 3), Min = Value(random, 4), Latest = i % 2 == 0 ? Latest(i) : null,
        };
    }

    private static LatestValue Latest(int i) => new(Start + Duration.FromSeconds(i % 50), $"event-{i}\napi", (i % 7) - 3.5m);

    private static decimal? Value(Random random, int one) => random.Next(5) >= one ? null : random.Next(-500, 500) / 4m;

    private async Task StoreAsync(UsageTotals totals, UsageMerge merge)
    {
        totals.Widen();
        await WriteAsync(_widened, transaction => totals.StoreAsync(Database.Dialect, transaction, _widened, Token));
        await WriteAsync(_merged, transaction => merge.StoreAsync(Database.Dialect, transaction, _merged, Token));
        merge.Clear();
    }

    private Task WriteAsync(TenantId tenant, Func<DbTransaction, Task> write) => Database.WriteAsync(
        tenant,
        async transaction =>
        {
            await write(transaction);
            return true;
        },
        Token);

    private Task<List<string>> RowsAsync(string table, TenantId tenant) => TotalRows.OfAsync(Database, table, tenant, Token);
}

public sealed class SqliteUsageMergeTests(SqliteFixture fixture) : UsageMergeTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresUsageMergeTests(PostgresFixture fixture) : UsageMergeTests(fixture), IClassFixture<PostgresFixture>;
