using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageStore"/> keeps what it cannot count, and closes periods; derive once for each store.</summary>
public abstract class UsageOrphanConformance(StoreFixture fixture)
{
    private static readonly Instant Closed = UsageWorld.January.End;
    private static readonly Instant Before = Closed - Duration.FromTicks(10);
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_matches_nobody_or_nothing_is_kept_listed_and_recovered_once()
    {
        var nobody = UsageWorld.Event("1", Before, 5) with { Customer = "initech" };
        var nothing = UsageWorld.Event("2", Before, 5) with { Type = "unheard" };
        Assert.Equal(
            [new AppendResult(AppendOutcome.Accepted, OrphanReason.UnknownCustomer), new AppendResult(AppendOutcome.Accepted, OrphanReason.NoMetric)], await AppendAsync(nobody, nothing));
        Assert.Equal(AppendOutcome.Duplicate, (await AppendAsync(nobody))[0].Outcome);
        Assert.Equal(["1 UnknownCustomer ", "2 NoMetric "], await OrphansAsync(new OrphanQuery()));
        Assert.Equal(["2 NoMetric "], await OrphansAsync(new OrphanQuery { Reason = OrphanReason.NoMetric }));
        Assert.Equal(0, await QuantityAsync("calls"));

        var known = _world.Stamp(nobody with { Customer = "acme" }, UsageWorld.Now + Duration.FromDays(1)) with { Event = nobody };
        Assert.Equal(1, await Store.RecoverAsync(_world.Tenant, [known, _world.Stamp(nothing)], Token));
        Assert.Equal(0, await Store.RecoverAsync(_world.Tenant, [known], Token));
        Assert.Equal(1, await QuantityAsync("calls"));
        Assert.Equal(5, await QuantityAsync("plain", new Interval(Before, Closed)));
        Assert.Equal(["2 NoMetric "], await OrphansAsync(new OrphanQuery()));
        Assert.Equal(_world.Acme, (await Store.ListEventsAsync(_world.Tenant, new UsageQuery { Customer = _world.Acme }, Token)).Items[0].Customer);
    }

    [Fact]
    public async Task What_was_given_up_stays_on_record_and_is_never_counted()
    {
        var nobody = UsageWorld.Event("1", Before, 5) with { Customer = "initech" };
        await AppendAsync(nobody, nobody with { Id = "2" }, nobody with { Id = "3", Source = "other" });
        Assert.Equal(["1"], await Store.DiscardAsync(_world.Tenant, nobody.Source, ["3", "1", "4", "1"], "a test", UsageWorld.Now, Token));
        Assert.Equal([], await Store.DiscardAsync(_world.Tenant, nobody.Source, ["1"], "again", UsageWorld.Now + Duration.FromDays(1), Token));
        Assert.Equal(["2 UnknownCustomer ", "3 UnknownCustomer "], await OrphansAsync(new OrphanQuery()));
        var given = Assert.Single((await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery { Discarded = true }, Token)).Items);
        Assert.Equal(("1", UsageWorld.Now, "a test"), (given.Event.Event.Id, given.DiscardedAt, given.DiscardReason));

        Assert.Equal(0, await Store.RecoverAsync(_world.Tenant, [_world.Stamp(nobody with { Customer = "acme" }) with { Event = nobody }], Token));
        Assert.Equal(0, await QuantityAsync("calls"));
        Assert.Equal(AppendOutcome.Duplicate, (await AppendAsync(nobody))[0].Outcome);
    }

    [Fact]
    public async Task Tenants_with_open_orphans_are_found_one_after_the_other()
    {
        Assert.DoesNotContain(_world.Tenant, await TenantsAsync());
        await AppendAsync(UsageWorld.Event("1", Before, 5) with { Customer = "initech" });
        Assert.Single(await TenantsAsync(), _world.Tenant);
        await Store.DiscardAsync(_world.Tenant, UsageEvent.DefaultSource, ["1"], "a test", UsageWorld.Now, Token);
        Assert.DoesNotContain(_world.Tenant, await TenantsAsync());
    }

    [Fact]
    public async Task What_no_metric_counted_is_recovered_for_the_customer_that_it_had_or_for_another()
    {
        var (first, second) = (UsageWorld.Event("1", Before, 5) with { Type = "unheard" }, UsageWorld.Event("2", Before, 7) with { Type = "unheard" });
        var metric = _world["plain"] with { Id = EntityId.New<MetricId>(), Code = "unheard", EventType = "unheard" };
        await AppendAsync(first, second);
        StampedEvent Known(UsageEvent item, string customer)
        {
            var stamped = _world.Stamp(item with { Type = "e", Customer = customer });
            return stamped with { Event = item, Contributions = [stamped.Contributions.Single(part => part.Metric.Code == "plain") with { Metric = metric }] };
        }

        Assert.Equal(2, await Store.RecoverAsync(_world.Tenant, [Known(first, "acme"), Known(second, "globex")], Token));
        foreach (var (customer, id, value) in new[] { (_world.Acme, "1", 5m), (_world.Globex, "2", 7m) })
        {
            var requests = new[] { UsageWorld.January, new Interval(Before, Closed) }.Select(period => new UsageRequest(metric, customer, period)).ToList();
            Assert.Equal([value, value], (await Store.ReadAsync(_world.Tenant, requests, Token)).Select(reading => Assert.Single(reading.Groups).Value));
            Assert.Equal([id], (await Store.ListEventsAsync(_world.Tenant, new UsageQuery { Customer = customer }, Token)).Items.Select(item => item.Event.Id));
        }
    }

    [Fact]
    public async Task Orphans_are_listed_page_by_page()
    {
        await AppendAsync([.. Enumerable.Range(0, 5).Select(i => UsageWorld.Event($"{i}", Before, 5) with { Type = "unheard" })]);
        var first = await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery { Limit = 3 }, Token);
        var second = await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery { Limit = 3, After = first.Next }, Token);
        Assert.Equal(["0", "1", "2", "3", "4"], first.Items.Concat(second.Items).Select(orphan => orphan.Event.Event.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task After_closing_usage_before_the_end_is_late_and_usage_from_the_end_on_counts()
    {
        await AppendAsync(UsageWorld.Event("1", Before, 1));
        await CloseAsync("calls", _world.First, Closed);
        var results = await AppendAsync(UsageWorld.Event("2", Before, 2), UsageWorld.Event("3", Closed, 4));

        Assert.Equal([OrphanReason.Late, null], results.Select(result => result.Orphan));
        Assert.Equal([$"2 Late {_world["calls"].Id}"], await OrphansAsync(new OrphanQuery()));
        Assert.Equal(1, await QuantityAsync("calls"));
        Assert.Equal(3, await QuantityAsync("plain"));
        Assert.Equal(0, await QuantityAsync("calls", new Interval(Before + Duration.FromTicks(10), Closed)));
        Assert.Equal(1, await QuantityAsync("calls", new Interval(Before, Closed)));
        Assert.Equal(2, await QuantityAsync("calls", new Interval(UsageWorld.Start, UsageWorld.Now)));
        Assert.Equal(AppendOutcome.Duplicate, (await AppendAsync(UsageWorld.Event("2", Before, 2)))[0].Outcome);
        Assert.Single(await OrphansAsync(new OrphanQuery()));
    }

    [Fact]
    public async Task The_end_of_a_closed_period_never_moves_back()
    {
        await CloseAsync("calls", _world.First, Closed);
        await CloseAsync("calls", _world.First, UsageWorld.Start);
        Assert.Equal(OrphanReason.Late, (await AppendAsync(UsageWorld.Event("1", Before, 1)))[0].Orphan);
    }

    [Fact]
    public async Task Usage_is_late_only_where_no_subscription_could_bill_it_any_more()
    {
        await Store.ClosePeriodsAsync(
            _world.Tenant,
            [new(_world.Acme, _world["calls"].Id, _world.First, Closed), new(_world.Acme, _world["calls"].Id, _world.Second, UsageWorld.Start), new(_world.Acme, _world["calls"].Id, _world.Second, UsageWorld.Start)],
            Token);
        var item = UsageWorld.Event("1", Before, 1);
        var results = await AppendAsync(
            item, item with { Id = "2", SubscriptionId = _world.First }, item with { Id = "3", SubscriptionId = _world.Second },
            item with { Id = "4", SubscriptionId = EntityId.New<SubscriptionId>() }, item with { Id = "5", Customer = "globex" });
        Assert.Equal([null, OrphanReason.Late, null, null, null], results.Select(result => result.Orphan));
    }

    [Fact]
    public async Task What_is_recovered_too_late_is_late()
    {
        var nobody = UsageWorld.Event("1", Before, 5) with { Customer = "initech" };
        await AppendAsync(nobody);
        await CloseAsync("calls", _world.First, Closed);
        Assert.Equal(1, await Store.RecoverAsync(_world.Tenant, [_world.Stamp(nobody with { Customer = "acme" }) with { Event = nobody }], Token));
        Assert.Equal([$"1 Late {_world["calls"].Id}"], await OrphansAsync(new OrphanQuery()));
        Assert.Equal((0, 5), (await QuantityAsync("calls"), await QuantityAsync("plain")));
    }

    private async Task<List<TenantId>> TenantsAsync()
    {
        var tenants = new List<TenantId>();
        while (await Store.NextOrphanTenantAsync(tenants.Count == 0 ? null : tenants[^1], Token) is { } next)
        {
            tenants.Add(next);
        }

        return tenants;
    }

    private Task CloseAsync(string metric, SubscriptionId subscription, Instant until) =>
        Store.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, _world[metric].Id, subscription, until)], Token);

    private Task<IReadOnlyList<AppendResult>> AppendAsync(params UsageEvent[] events) => Store.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token);

    private async Task<decimal> QuantityAsync(string metric, Interval? period = null) =>
        Assert.Single((await Store.ReadAsync(_world.Tenant, [_world.Ask(metric, period)], Token))[0].Groups).Value;

    private async Task<IEnumerable<string>> OrphansAsync(OrphanQuery query) =>
        (await Store.ListOrphansAsync(_world.Tenant, query, Token)).Items.Select(orphan => $"{orphan.Event.Event.Id} {orphan.Reason} {orphan.Metric}");
}
