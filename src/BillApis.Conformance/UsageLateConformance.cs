using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageStore"/> counts usage that comes after it was billed, and remembers what to rate again; derive once for each store.</summary>
public abstract class UsageLateConformance(StoreFixture fixture)
{
    private static readonly Instant Closed = UsageWorld.January.End;
    private static readonly Instant Before = Closed - Duration.FromDays(1);
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Late_usage_counts_and_marks_the_metrics_that_were_billed()
    {
        await CloseAsync("calls", _world.First, Closed);
        var results = await AppendAsync(UsageWorld.Event("1", Before, 5), UsageWorld.Event("2", Closed, 5));

        Assert.All(results, result => Assert.Equal(new AppendResult(AppendOutcome.Accepted), result));
        Assert.Equal(1, Assert.Single((await Store.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Groups).Value);
        Assert.Empty((await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items);
        Assert.Equal([(_world.Acme, _world["calls"].Id, _world.First, Before, Before)], Of(await ListAsync()));
        Assert.Equal(AppendOutcome.Duplicate, (await AppendAsync(UsageWorld.Event("1", Before, 5)))[0].Outcome);
        Assert.Equal(await ListAsync(), await ListAsync());
    }

    [Fact]
    public async Task A_mark_reaches_from_the_first_to_the_last_change()
    {
        await CloseAsync("calls", _world.First, Closed);
        await AppendAsync(UsageWorld.Event("1", Before, 5));
        var once = Assert.Single(await ListAsync());
        await AppendAsync(UsageWorld.Event("1", Before, 5));
        Assert.Equal(once, Assert.Single(await ListAsync()));
        await AppendAsync(UsageWorld.Event("2", UsageWorld.Start, 5), UsageWorld.Event("3", UsageWorld.Start + Duration.FromHours(1), 5));
        var twice = Assert.Single(await ListAsync());
        Assert.Equal((UsageWorld.Start, Before), (twice.First, twice.Last));
        Assert.NotEqual(once.Mark, twice.Mark);
    }

    [Fact]
    public async Task A_mark_of_what_recurs_reaches_to_the_end_of_what_was_billed()
    {
        await CloseAsync("owned", _world.First, Closed);
        await AppendAsync(UsageWorld.Event("1", UsageWorld.Start, 5));
        var late = Assert.Single(await ListAsync());
        Assert.Equal((UsageWorld.Start, Closed - Duration.FromTicks(10)), (late.First, late.Last));
    }

    [Fact]
    public async Task Every_subscription_that_was_billed_for_it_is_marked_and_no_other()
    {
        await CloseAsync("calls", _world.First, Closed);
        await CloseAsync("calls", _world.Second, UsageWorld.Start + Duration.FromDays(10));
        var item = UsageWorld.Event("1", Before, 1);

        await AppendAsync(item with { SubscriptionId = _world.Second });
        Assert.Empty(await ListAsync());
        await AppendAsync(item with { Id = "2" });
        Assert.Equal([_world.First], (await ListAsync()).Select(late => late.Subscription));
        await AppendAsync(item with { Id = "3", Timestamp = UsageWorld.Start });
        Assert.Equal([_world.First, _world.Second], (await ListAsync()).Select(late => late.Subscription).Order(Comparer<SubscriptionId>.Create((left, right) => left.Value.CompareTo(right.Value))));
        Assert.Equal([_world.Second], (await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant, Subscriptions = [_world.Second] }, Token)).Select(late => late.Subscription));
        Assert.Empty(await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant, Customer = _world.Globex }, Token));
        Assert.Empty(await Store.ListLateAsync(new LateQuery { Tenant = EntityId.New<TenantId>() }, Token));
    }

    [Fact]
    public async Task What_changes_once_more_is_not_settled()
    {
        await CloseAsync("calls", _world.First, Closed);
        await AppendAsync(UsageWorld.Event("1", Before, 5));
        var seen = await ListAsync();
        await AppendAsync(UsageWorld.Event("2", Before, 5));
        await Store.SettleLateAsync(_world.Tenant, seen, Token);
        var changed = Assert.Single(await ListAsync());

        await Store.SettleLateAsync(_world.Tenant, [changed], Token);
        Assert.Empty(await ListAsync());
        await AppendAsync(UsageWorld.Event("3", Before, 5));
        await Store.SettleLateAsync(_world.Tenant, [changed], Token);
        Assert.Single(await ListAsync());
    }

    [Fact]
    public async Task What_is_postponed_is_left_out_until_then()
    {
        await CloseAsync("calls", _world.First, Closed);
        await AppendAsync(UsageWorld.Event("1", Before, 5));
        await Store.PostponeLateAsync(_world.Tenant, await ListAsync(), UsageWorld.Now, Token);

        Assert.Empty(await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant, At = UsageWorld.Now - Duration.FromSeconds(1) }, Token));
        Assert.Single(await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant, At = UsageWorld.Now }, Token));
        Assert.Single(await ListAsync());
        await AppendAsync(UsageWorld.Event("2", Before, 5));
        Assert.Single(await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant, At = UsageWorld.Start }, Token));
    }

    [Fact]
    public async Task What_is_recovered_too_late_counts_late()
    {
        var nobody = UsageWorld.Event("1", Before, 5) with { Customer = "initech" };
        await AppendAsync(nobody);
        await CloseAsync("calls", _world.First, Closed);
        Assert.Equal(1, await Store.RecoverAsync(_world.Tenant, [Stamp(nobody with { Customer = "acme" }) with { Event = nobody }], Token));
        Assert.Equal([_world["calls"].Id], (await ListAsync()).Select(late => late.Metric));
        Assert.Equal(1, Assert.Single((await Store.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Groups).Value);
    }

    [Fact]
    public async Task What_was_kept_as_late_is_recovered_once_beside_what_counts_already()
    {
        await CloseAsync("calls", _world.First, Closed);
        var item = UsageWorld.Event("1", Before, 5);
        Assert.Equal(OrphanReason.Late, (await Store.AppendAsync(_world.Tenant, [_world.Stamp(item)], Token))[0].Orphan);
        Assert.Empty(await ListAsync());

        Assert.Equal(1, await Store.RecoverLateAsync(_world.Tenant, [Stamp(item)], Token));
        Assert.Equal(0, await Store.RecoverLateAsync(_world.Tenant, [Stamp(item)], Token));
        Assert.Equal([_world["calls"].Id], (await ListAsync()).Select(late => late.Metric));
        Assert.Equal((1, 5), (await QuantityAsync("calls", UsageWorld.January), await QuantityAsync("plain", UsageWorld.January)));
        Assert.Equal((1, 5), (await QuantityAsync("calls", new Interval(Before, Closed)), await QuantityAsync("plain", new Interval(Before, Before + Duration.FromMinutes(1)))));
        Assert.Equal(1, await QuantityAsync("calls", new Interval(Before, Before + Duration.FromMinutes(1))));
        Assert.Empty((await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items);
    }

    private async Task<decimal> QuantityAsync(string metric, Interval period) => Assert.Single((await Store.ReadAsync(_world.Tenant, [_world.Ask(metric, period)], Token))[0].Groups).Value;

    private static IEnumerable<(CustomerId, MetricId, SubscriptionId, Instant, Instant)> Of(IEnumerable<LateUsage> late) =>
        late.Select(item => (item.Customer, item.Metric, item.Subscription, item.First, item.Last));

    private Task<IReadOnlyList<LateUsage>> ListAsync() => Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant }, Token);

    private StampedEvent Stamp(UsageEvent item) => _world.Stamp(item) with { CountsLate = true };

    private Task CloseAsync(string metric, SubscriptionId subscription, Instant until) =>
        Store.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, _world[metric].Id, subscription, until)], Token);

    private Task<IReadOnlyList<AppendResult>> AppendAsync(params UsageEvent[] events) => Store.AppendAsync(_world.Tenant, [.. events.Select(Stamp)], Token);
}
