using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Storage.Sql;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>What batches left as text before an upgrade, and nobody merged yet, counts with what they leave now.</summary>
public abstract class UsageDeltaTextTests(StoreFixture fixture)
{
    private const string Hour = "490896";
    private static readonly Interval Day = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 2, 0, 0));
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_that_was_left_before_an_upgrade_is_merged_with_what_is_left_now()
    {
        var billing = fixture.Get<Billing>();
        var customer = await billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", Currency = Currency.Parse("USD"), ExternalId = "acme" }, Token);
        var (sum, max, last, users) = (await NewAsync(Aggregation.Sum), await NewAsync(Aggregation.Max), await NewAsync(Aggregation.Latest), await NewAsync(Aggregation.UniqueCount));
        await LeaveAsync(
            $"t{Key(customer, sum)}\v2\t5500000000000\t\t\t\n" + // 5.5 of two events
            $"t{Key(customer, max)}\v2\t\t\t4.5\t\n" +
            $"t{Key(customer, last)}\v2\t\t\t\t\t1767225660000000\ta-2\u001fapi\t1\n" + // 1 at 00:01
            $"t{Key(customer, users)}\v2\t\t\t\t\n" +
            $"i{Key(customer, users)}\t4.5\v1\n" +
            $"i{Key(customer, users)}\tx\\0009y\v1\n"); // x, a tab and y
        await LeaveAsync($"t{Key(customer, sum)}\v1\t-250000000000\t\t\t\n");
        await billing.Usage.RecordAsync(
            _tenant, [new() { Id = "b-1", Type = "e", Customer = "acme", Timestamp = Day.Start + Duration.FromSeconds(30), Properties = UsageProperties.Of(("v", 4.5m)) }], Token);

        (await ReadAsync(sum)).ShouldBe((9.75m, 4)); // 5.5 - 0.25 + 4.5
        (await ReadAsync(max)).ShouldBe((4.5m, 3));
        (await ReadAsync(last)).ShouldBe((1m, 3)); // the minute is later than its half
        (await ReadAsync(users)).ShouldBe((2m, 3)); // 4.5 twice, and x y
    }

    private static string Key(Customer customer, Metric metric) => $"{Hour}\t{customer.Id.Value:N}\t{metric.Id.Value:N}\t\t{{}}";

    private Task<Metric> NewAsync(Aggregation aggregation) => fixture.Get<Billing>().Metrics.CreateAsync(
        _tenant, new Metric { Code = $"m{aggregation}", Name = "Metric", EventType = "e", Aggregation = aggregation, Property = "v", AllowNegative = true }, Token);

    private async Task LeaveAsync(string text)
    {
        await using var connection = await fixture.Get<SqlDatabase>().OpenAsync(null, Token);
        await connection.ExecuteAsync("insert into billing_usage_delta (tenant_id, totals) values (@Tenant, @Totals)", new { Tenant = _tenant.ToString(), Totals = text });
    }

    private async Task<(decimal, long)> ReadAsync(Metric metric)
    {
        var row = (await fixture.Get<Billing>().Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = "acme", Metric = metric.Code, Period = Day }, Token)).ShouldHaveSingleItem();
        return (row.Value, row.Events);
    }
}

public sealed class SqliteUsageDeltaTextTests(SqliteFixture fixture) : UsageDeltaTextTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresUsageDeltaTextTests(PostgresFixture fixture) : UsageDeltaTextTests(fixture), IClassFixture<PostgresFixture>;
