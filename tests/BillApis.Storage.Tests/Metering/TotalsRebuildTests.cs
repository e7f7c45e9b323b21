using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Storage.Sql;
using BillApis.Storage.Sql.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Totals that somebody changed in the database by hand are told and set to what they were, which another copy of the tables says.</summary>
public abstract class TotalsRebuildTests(StoreFixture fixture)
{
    private const int Seed = 20261126;
    private const string Mark = "events = events + 1000";
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 30, 20, 0);
    private static readonly Metric[] Measures =
    [
        new() { Code = "sum", Name = "Sum", EventType = "e", Aggregation = Aggregation.Sum, Property = "n", GroupBy = ["model"] },
        new() { Code = "users", Name = "Users", EventType = "e", Aggregation = Aggregation.UniqueCount, Property = "user" },
        new() { Code = "level", Name = "Level", EventType = "e", Aggregation = Aggregation.Max, Property = "n", Recurring = true },
        new() { Code = "stored", Name = "Stored", EventType = "e", Aggregation = Aggregation.WeightedSum, Property = "n" },
    ];

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private SqlDatabase Database => fixture.Get<SqlDatabase>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_total_that_was_changed_is_told_and_set_and_no_other()
    {
        await SetUpAsync(customers: 3, events: 300);
        var (right, random) = (await TablesAsync(), new Random(Seed));
        var changed = 0;
        foreach (var (table, value) in new[] { ("billing_usage_total", "value_sum"), ("billing_usage_total", "latest_value"), ("billing_usage_total", "value_moment"), ("billing_usage_total", "events"), ("billing_usage_item", "events") })
        {
            changed += await ChangeAsync(table, random, value is "events" ? Mark : $"{Mark}, {value} = '7.5'", $"and {value} is not null");
            changed += await ChangeAsync(table, random, null, "");
        }

        var stray = EntityId.New<CustomerId>();
        changed += await ExecuteAsync(
            "insert into billing_usage_total (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, events) values (@Tenant, 2, 491640, @Stray, @Metric, '', '{}', 9)",
            new { Tenant = _tenant.ToString(), Stray = stray.ToString(), Metric = EntityId.New<MetricId>().ToString() });
        var told = await Billing.Usage.VerifyAsync(_tenant, Token).SelectMany(step => step.Differences.ToAsyncEnumerable()).ToListAsync(Token);
        told.Count.ShouldBe(changed);
        told.Single(difference => difference.Customer == stray).ShouldSatisfyAllConditions(it => it.Kept.ShouldBe("9 events"), it => it.Counted.ShouldBeNull(), it => it.Period.Start.ShouldBe(Instant.FromUtc(2026, 2, 1, 0, 0)));
        (await TablesAsync()).ShouldNotBe(right);

        (await CountAsync(Billing.Usage.RebuildAsync(_tenant, Token))).Differences.ShouldBe(changed);
        (await TablesAsync()).ShouldBe(right);
        (await CountAsync(Billing.Usage.VerifyAsync(_tenant, Token))).ShouldBe((300, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task However_few_totals_are_held_at_once_all_are_set(int most)
    {
        await SetUpAsync(customers: 12, events: 240);
        var right = await TablesAsync();
        var metrics = (await Billing.Metrics.ListAsync(_tenant, new StoreQuery(), Token)).Items;
        var rebuild = new UsageRebuild(Database, new UsageDeltas(Database), most);
        (await CountAsync(rebuild.RunAsync(_tenant, _ => Task.FromResult(metrics), set: true, Token))).ShouldBe((240, 0));

        await ExecuteAsync("update billing_usage_total set events = events + 1 where tenant_id = @Tenant");
        await ExecuteAsync("delete from billing_usage_item where tenant_id = @Tenant");
        (await CountAsync(rebuild.RunAsync(_tenant, _ => Task.FromResult(metrics), set: true, Token))).ShouldBe((240, right.Count));
        (await TablesAsync()).ShouldBe(right);
    }

    [Fact]
    public async Task Where_all_totals_are_lost_they_come_back()
    {
        await SetUpAsync(customers: 2, events: 120);
        var right = await TablesAsync();
        await ExecuteAsync("delete from billing_usage_total where tenant_id = @Tenant");
        await ExecuteAsync("delete from billing_usage_item where tenant_id = @Tenant");
        (await CountAsync(Billing.Usage.RebuildAsync(_tenant, Token))).ShouldBe((120, right.Count));
        (await TablesAsync()).ShouldBe(right);
    }

    [Fact]
    public async Task A_metric_that_is_made_meanwhile_counts_its_events_and_ends_nothing()
    {
        await SetUpAsync(customers: 1, events: 8);
        await using var steps = Billing.Usage.RebuildAsync(_tenant, Token).GetAsyncEnumerator(Token);
        (await steps.MoveNextAsync()).ShouldBeTrue();
        var made = await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "later", Name = "Later", EventType = "later", Aggregation = Aggregation.Count }, Token);
        var at = Instant.FromUtc(2026, 2, 20, 0, 0);
        (await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, 3).Select(i => new UsageEvent { Id = $"later-{i}", Type = "later", Customer = "customer-0", Timestamp = at })], Token)).Accepted.ShouldBe(3);
        var (events, differences) = (steps.Current.Events, steps.Current.Differences.Length);
        while (await steps.MoveNextAsync())
        {
            (events, differences) = (events + steps.Current.Events, differences + steps.Current.Differences.Length);
        }

        (events, differences).ShouldBe((11, 0));
        var customer = (await Billing.Customers.GetAsync(_tenant, "customer-0", Token)).Id;
        (await fixture.Get<IUsageStore>().ReadAsync(_tenant, [new UsageRequest(made, customer, new Interval(at, at + Duration.FromHours(1)))], Token))[0].Groups[0].Value.ShouldBe(3);
    }

    [Fact]
    public async Task What_was_billed_by_a_wrong_total_is_marked_to_be_rated_again()
    {
        await SetUpAsync(customers: 1, events: 20);
        var (usage, subscription) = (fixture.Get<IUsageStore>(), EntityId.New<SubscriptionId>());
        var (customer, metric) = ((await Billing.Customers.GetAsync(_tenant, "customer-0", Token)).Id, (await Billing.Metrics.GetAsync(_tenant, "sum", Token)).Id);
        var february = Instant.FromUtc(2026, 2, 1, 0, 0);
        await usage.ClosePeriodsAsync(_tenant, [new ClosedPeriod(customer, metric, subscription, february)], Token);
        await ExecuteAsync($"update billing_usage_total set events = events + 1 where tenant_id = @Tenant and level = 2 and hour = {february.ToUnixTimeSeconds() / 3_600} and metric_id = '{metric}'");
        await Billing.Usage.RebuildAsync(_tenant, Token).ToListAsync(Token);
        (await usage.ListLateAsync(new LateQuery { Tenant = _tenant }, Token)).ShouldBeEmpty();

        await ExecuteAsync($"update billing_usage_total set events = events + 1 where tenant_id = @Tenant and level = 1 and metric_id = '{metric}'");
        await Billing.Usage.VerifyAsync(_tenant, Token).ToListAsync(Token);
        (await usage.ListLateAsync(new LateQuery { Tenant = _tenant }, Token)).ShouldBeEmpty();
        await Billing.Usage.RebuildAsync(_tenant, Token).ToListAsync(Token);
        var late = (await usage.ListLateAsync(new LateQuery { Tenant = _tenant }, Token)).ShouldHaveSingleItem();
        (late.Metric, late.Subscription, late.First, late.Last < february).ShouldBe((metric, subscription, Instant.FromUtc(2026, 1, 30, 0, 0), true));
    }

    // Over the end of January, an event each quarter of an hour.
    private async Task SetUpAsync(int customers, int events)
    {
        foreach (var metric in Measures)
        {
            await Billing.Metrics.CreateAsync(_tenant, metric, Token);
        }

        for (var i = 0; i < customers; i++)
        {
            await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") }, Token);
        }

        var receipt = await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, events).Select(i => new UsageEvent
        {
            Id = $"{i}", Type = "e", Customer = $"customer-{i % customers}", Timestamp = Start + Duration.FromMinutes(15 * i),
            Properties = UsageProperties.Of(("n", i % 9 + 0.25m), ("model", i % 2 == 0 ? "small" : "large"), ("user", $"u{i % 4}")),
        })], Token);
        receipt.Accepted.ShouldBe(events);
        (await CountAsync(Billing.Usage.VerifyAsync(_tenant, Token))).ShouldBe((events, 0));
    }

    private static async Task<(long Events, int Differences)> CountAsync(IAsyncEnumerable<RebuiltTotals> rebuild)
    {
        var steps = await rebuild.ToListAsync(Token);
        return (steps.Sum(step => step.Events), steps.Sum(step => step.Differences.Length));
    }

    // A few rows by chance, each once: what was changed or deleted before is left out.
    private async Task<int> ChangeAsync(string table, Random random, string? set, string where)
    {
        await using var connection = await Database.OpenAsync(_tenant, Token);
        var rows = (await connection.QueryAsync<(long Level, long Hour, string Customer, string Metric, string Dimensions)>(
            $"select cast(level as bigint), hour, customer_id, metric_id, dimensions from {table} where tenant_id = @Tenant and subscription_id = '' {where} order by 1, 2, 3, 4, 5", new { Tenant = _tenant.ToString() })).AsList();
        var changed = 0;
        foreach (var row in rows.Where(_ => random.Next(20) == 0 || rows.Count < 3))
        {
            var key = new { Tenant = _tenant.ToString(), row.Level, row.Hour, row.Customer, row.Metric, row.Dimensions };
            const string Where = "where tenant_id = @Tenant and level = @Level and hour = @Hour and customer_id = @Customer and metric_id = @Metric and dimensions = @Dimensions and events < 1000";
            changed += await ExecuteAsync(set is null ? $"delete from {table} {Where}" : $"update {table} set {set} {Where}", key);
        }

        changed.ShouldBePositive();
        return changed;
    }

    private Task<int> ExecuteAsync(string sql, object? parameters = null) =>
        Database.WriteAsync(_tenant, transaction => transaction.Connection!.ExecuteAsync(sql, parameters ?? new { Tenant = _tenant.ToString() }, transaction), Token);

    private async Task<List<string>> TablesAsync()
    {
        var tables = new List<string>();
        foreach (var table in UsageTotals.Tables)
        {
            tables.AddRange(await TotalRows.OfAsync(Database, table, _tenant, Token));
        }

        return tables;
    }
}

public sealed class SqliteTotalsRebuildTests(SqliteFixture fixture) : TotalsRebuildTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresTotalsRebuildTests(PostgresFixture fixture) : TotalsRebuildTests(fixture), IClassFixture<PostgresFixture>;
