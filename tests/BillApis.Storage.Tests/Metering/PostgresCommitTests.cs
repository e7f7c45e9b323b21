using BillApis.Metering;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace BillApis.Storage.Tests.Metering;

/// <summary>Deliveries that are stored and committed in one exchange with the server, by nodes that have not met each other yet.</summary>
public sealed class PostgresCommitTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    private const int Size = 400;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant Now = Instant.FromUtc(2026, 5, 1, 0, 0);
    private static readonly Metric Sum = new() { Code = "sum", Name = "Sum", EventType = "e", Aggregation = Aggregation.Sum, Property = "v" };
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();
    private readonly Random _random = new(18);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("No Reset On Close=true")]
    public async Task Two_nodes_that_store_the_same_events_at_once_count_each_once(string options)
    {
        var sum = 0m;
        for (var round = 0; round < 10; round++)
        {
            var events = Enumerable.Range(0, Size).Select(i => Event($"{round}.{i}", i % 3 == 0 ? "other" : "api", _random.Next(100))).ToArray();
            sum += events.Sum(item => Value(item));
            await using var first = Open(options);
            await using var second = Open(options);
            var results = await Task.WhenAll(new[] { first, second }.Select(node => (Node: node, Mine: Shuffled(events))).Select(each => Task.Run(() => AppendAsync(each.Node, each.Mine), Token)));

            results.SelectMany(result => result).GroupBy(item => item.Id).ShouldAllBe(item =>
                item.Count(result => result.Outcome == AppendOutcome.Accepted) == 1 && item.Count(result => result.Outcome == AppendOutcome.Duplicate) == 1);
        }

        (await ReadAsync()).ShouldBe((sum, 10L * Size));
        await using var connection = new NpgsqlConnection(fixture.Connection);
        (await connection.ExecuteScalarAsync<long>("select count(*) from billing_usage_by_time where tenant_id = @Tenant", new { Tenant = _tenant.ToString() })).ShouldBe(10 * Size);
    }

    [Fact]
    public async Task What_was_billed_is_late_for_a_node_that_did_not_see_it_closed()
    {
        var closed = Start + Duration.FromDays(50);
        await using var other = Open();
        await AppendAsync(other, [Event("0", "api", 1)]);
        await other.GetRequiredService<IUsageStore>().ClosePeriodsAsync(_tenant, [new ClosedPeriod(_customer, Sum.Id, EntityId.New<SubscriptionId>(), closed)], Token);
        var events = Enumerable.Range(1, Size).Select(i => Event($"{i}", "api", _random.Next(100))).ToArray();
        await using var node = Open();
        var results = await AppendAsync(node, events);

        results.Select(result => result.Orphan).ShouldBe(events.Select(item => item.Timestamp < closed ? OrphanReason.Late : (OrphanReason?)null));
        var counted = events.Where(item => item.Timestamp >= closed).ToList();
        (await ReadAsync()).ShouldBe((counted.Sum(item => Value(item)) + 1, counted.Count + 1L));
    }

    [Fact]
    public async Task A_node_that_failed_to_store_something_at_once_goes_on_over_the_same_connection()
    {
        await using var node = Open("Maximum Pool Size=2");
        var known = Event("1", "api", 1);
        await AppendAsync(node, [known]);
        (await AppendAsync(node, [known, Event("2", "api", 2), Event("1", "api", 3)])).Select(result => result.Outcome).ShouldBe([AppendOutcome.Duplicate, AppendOutcome.Accepted, AppendOutcome.Conflict]);
        for (var i = 3; i < 75; i++)
        {
            (await AppendAsync(node, [Event($"{i}", "api", 4)])).ShouldHaveSingleItem().Outcome.ShouldBe(AppendOutcome.Accepted);
        }

        (await ReadAsync()).ShouldBe((1 + 2 + (72 * 4), 74L));
    }

    private ServiceProvider Open(string options = "") =>
        new ServiceCollection().AddBilling(billing => billing.UsePostgres($"{fixture.Connection};{options}")).BuildServiceProvider();

    // Over three months and their borders, by a day that follows from the value.
    private static UsageEvent Event(string id, string source, int value) =>
        new() { Id = id, Source = source, Type = "e", Customer = "acme", Timestamp = Start + Duration.FromDays(value), Properties = UsageProperties.Of(("v", value)) };

    private static decimal Value(UsageEvent item) => item.Properties["v"].TryNumber(out var value) ? value : throw new InvalidOperationException();

    private UsageEvent[] Shuffled(UsageEvent[] events)
    {
        UsageEvent[] shuffled = [.. events];
        _random.Shuffle(shuffled);
        return shuffled;
    }

    private async Task<List<(string Id, AppendOutcome Outcome, OrphanReason? Orphan)>> AppendAsync(ServiceProvider node, IReadOnlyList<UsageEvent> events)
    {
        var intake = new Intake([Sum], new Dictionary<string, CustomerId> { ["acme"] = _customer }, Now);
        var stamped = intake.Stamp(events).Select(item => item.Stamped!).ToList();
        var results = await node.GetRequiredService<IUsageStore>().AppendAsync(_tenant, stamped, Token);
        return [.. events.Zip(results, (item, result) => (item.Id, result.Outcome, result.Orphan))];
    }

    private async Task<(decimal Quantity, long Events)> ReadAsync()
    {
        await using var node = Open();
        var reading = (await node.GetRequiredService<IUsageStore>().ReadAsync(_tenant, [new UsageRequest(Sum, _customer, new Interval(Start, Now))], Token)).ShouldHaveSingleItem();
        return (reading.Groups.Sum(group => group.Value), reading.Events);
    }
}
