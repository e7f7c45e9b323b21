using System.Globalization;
using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IUsageStore"/> must do with one caller; derive once for each store.</summary>
public abstract class UsageStoreConformance(StoreFixture fixture)
{
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_reads_back_as_it_was_sent()
    {
        var item = UsageWorld.Event("é'\"\\😀", At(1.5m), PropertyValue.Number("0.100000000001"), "sm\"all") with { SubscriptionId = _world.First, Source = "cdn" };
        Assert.Equal([new AppendResult(AppendOutcome.Accepted)], await AppendAsync(item));

        var stored = Assert.Single((await Store.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items);
        Assert.Equal(item, stored.Event);
        Assert.Equal((_world.Acme, UsageWorld.Now), (stored.Customer, stored.RecordedAt));
        Assert.Equal(_world.Metrics.Select(metric => metric.Id).ToHashSet(), [.. stored.Metrics]);
    }

    [Fact]
    public async Task A_key_counts_once_and_other_content_under_it_is_a_conflict()
    {
        var item = UsageWorld.Event("1", At(1), 5);
        var results = await AppendAsync(item, item, item with { Type = "other" }, item with { Source = "cdn" });
        Assert.Equal([AppendOutcome.Accepted, AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Accepted], results.Select(result => result.Outcome));

        results = await AppendAsync(item with { Properties = UsageProperties.Of(("v", 6), ("user", "u")) }, item, item with { Id = "2" });
        Assert.Equal([AppendOutcome.Conflict, AppendOutcome.Duplicate, AppendOutcome.Accepted], results.Select(result => result.Outcome));
        Assert.Equal("15", await QuantityAsync(_world.Ask("plain")));
    }

    [Fact]
    public async Task One_instance_twice_in_a_delivery_counts_once()
    {
        var stamped = _world.Stamp(UsageWorld.Event("1", At(1), 5));
        var results = await Store.AppendAsync(_world.Tenant, [stamped, stamped], Token);
        Assert.Equal([AppendOutcome.Accepted, AppendOutcome.Duplicate], results.Select(result => result.Outcome));
    }

    [Theory]
    [InlineData("calls", "4")]
    [InlineData("plain", "6.600000000001")]
    [InlineData("peak", "10")]
    [InlineData("floor", "-4.4")]
    [InlineData("seats", "-4.4")]
    [InlineData("users", "3")]
    [InlineData("mean", "1.65")]
    [InlineData("p90", "10")]
    public async Task Quantities_are_exact_over_whole_hours_and_parts_of_hours(string code, string expected)
    {
        await AppendAsync(
            UsageWorld.Event("before", At(0) - Duration.FromSeconds(1), 100, user: "x"),
            UsageWorld.Event("1", At(0), 1, user: "a"),
            UsageWorld.Event("2", At(0.25m), PropertyValue.Number("0.000000000001"), "small", user: "b"),
            UsageWorld.Event("3", At(2.5m), 10, "large", user: "a"),
            UsageWorld.Event("4", At(3.75m) - Duration.FromTicks(10), -4.4m, "small", user: "c"),
            UsageWorld.Event("after", At(3.75m), 100, user: "y"));
        Assert.Equal(expected, await QuantityAsync(_world.Ask(code, new Interval(At(0), At(3.75m)))));
    }

    [Fact]
    public async Task Groups_can_be_told_apart_by_some_dimensions_or_by_all()
    {
        await AppendAsync(
            Grouped("1", 1, "small", "eu"), Grouped("2", 2, "small", "us"), Grouped("3", 4, "large", "eu"), Grouped("4", 8, null, "eu"), Grouped("5", 16, "small", "eu"));
        Assert.Equal(["{} 31 5"], await GroupsAsync(_world.Ask("tokens")));
        Assert.Equal(["{\"model\":\"large\"} 4 1", "{\"model\":\"small\"} 19 3", "{\"model\":null} 8 1"], await GroupsAsync(_world.Ask("tokens", null, "model")));
        Assert.Equal(
            ["{\"model\":\"large\",\"region\":\"eu\"} 4 1", "{\"model\":\"small\",\"region\":\"eu\"} 17 2", "{\"model\":\"small\",\"region\":\"us\"} 2 1", "{\"model\":null,\"region\":\"eu\"} 8 1"],
            await GroupsAsync(_world.Ask("tokens", null, "region", "model")));
    }

    [Fact]
    public async Task A_subscription_sees_its_own_events_and_those_that_name_none()
    {
        var item = UsageWorld.Event("1", At(1), 1);
        await AppendAsync(item, item with { Id = "2", SubscriptionId = _world.First }, item with { Id = "3", SubscriptionId = _world.Second, Timestamp = At(2.5m) });
        var ask = _world.Ask("calls", new Interval(At(0.5m), At(2.75m)));
        Assert.Equal("3", await QuantityAsync(ask));
        Assert.Equal("2", await QuantityAsync(ask with { Subscription = _world.First }));
        Assert.Equal("2", await QuantityAsync(ask with { Subscription = _world.Second }));
    }

    [Fact]
    public async Task Of_two_at_one_instant_the_greater_id_is_the_latest_in_any_order()
    {
        await AppendAsync(UsageWorld.Event("b", At(1), 1), UsageWorld.Event("\uffff", At(1), 2));
        await AppendAsync(UsageWorld.Event("😀", At(1), 3));
        await AppendAsync(UsageWorld.Event("a", At(1), 4), UsageWorld.Event("zz", At(0), 5));
        Assert.Equal("3", await QuantityAsync(_world.Ask("seats")));
    }

    [Fact]
    public async Task A_total_has_as_many_digits_as_it_needs()
    {
        for (var batch = 0; batch < 3; batch++)
        {
            await AppendAsync([.. Enumerable.Range(0, 50).Select(i => UsageWorld.Event($"{batch}.{i}", At(1), Limits.Magnitude))]);
        }

        await AppendAsync([.. Enumerable.Range(0, 149).Select(i => UsageWorld.Event($"back {i}", At(1), -Limits.Magnitude))]);
        await AppendAsync(UsageWorld.Event("more", At(3), 0.000000000001m));
        Assert.Equal("1000000000000000", await QuantityAsync(_world.Ask("plain")));
        Assert.Equal(BillingErrorCode.Conflict, (await Assert.ThrowsAsync<BillingException>(async () =>
        {
            await AppendAsync([.. Enumerable.Range(0, 99).Select(i => UsageWorld.Event($"again {i}", At(1), Limits.Magnitude))]);
            await QuantityAsync(_world.Ask("plain"));
        })).Code);
    }

    [Fact]
    public async Task Many_small_batches_count_like_one()
    {
        string[] users = ["a\tb", "a\nb", "a\\0009b", "\v", "a\r\u2028", "é😀", "#", "i"];
        for (var i = 0; i < 150; i++)
        {
            await AppendAsync(UsageWorld.Event($"{i}\u2028", At(i % 7), i, i % 2 == 0 ? "sm\tall" : "large\n", users[i % users.Length]));
            Assert.Equal(i % 40 == 0 ? $"{i + 1}" : "", i % 40 == 0 ? await QuantityAsync(_world.Ask("calls")) : "");
        }

        Assert.Equal(("150", "11175", "149", "8", "134"), (
            await QuantityAsync(_world.Ask("calls")), await QuantityAsync(_world.Ask("plain")), await QuantityAsync(_world.Ask("peak")), await QuantityAsync(_world.Ask("users")), await QuantityAsync(_world.Ask("p90"))));
        Assert.Equal(["{\"model\":\"large\\n\"} 75", "{\"model\":\"sm\\tall\"} 75"], (await Store.ReadAsync(_world.Tenant, [_world.Ask("peak", null, "model")], Token))[0].Groups.Select(group => $"{group.Dimensions} {group.Events}"));
    }

    [Fact]
    public async Task Levels_and_things_go_on_from_one_period_to_the_next()
    {
        await AppendAsync(
            UsageWorld.Event("1", At(-2_000), 10, user: "a"), UsageWorld.Event("2", At(-1), 20, user: "b"), Removed("3", At(-0.25m), "a"), Removed("4", At(0.5m), "nobody"), UsageWorld.Event("5", At(372), 2, user: "c"));
        Assert.Equal("32", await QuantityAsync(_world.Ask("owned")));
        Assert.Equal("31", await QuantityAsync(_world.Ask("kept")));
        Assert.Equal("20", await QuantityAsync(_world.Ask("level", new Interval(At(-0.75m), At(-0.5m)))));
        Assert.Equal("2", await QuantityAsync(_world.Ask("level", new Interval(At(800), At(900)))));
        Assert.Equal("2", await QuantityAsync(_world.Ask("members")));
        Assert.Equal("1", await QuantityAsync(_world.Ask("members", new Interval(At(0), At(1)))));
        Assert.Equal("1", await QuantityAsync(_world.Ask("guests")));
    }

    [Fact]
    public async Task Nothing_used_is_answered_request_by_request()
    {
        await AppendAsync(UsageWorld.Event("1", At(1), 7));
        var nobody = _world.Ask("plain") with { Customer = _world.Globex };
        var empty = _world.Ask("plain", new Interval(At(1), At(1)));
        var answers = await Store.ReadAsync(_world.Tenant, [nobody, _world.Ask("plain"), empty, nobody with { Metric = _world["peak"], GroupBy = ["model"] }], Token);
        Assert.Equal(["0", "7", "0", ""], answers.Select(answer => string.Join(' ', answer.Groups.Select(group => Exact.Format(group.Value)))));
        Assert.Empty(await Store.ReadAsync(_world.Tenant, [], Token));
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_and_may_use_the_same_ids()
    {
        var other = EntityId.New<TenantId>();
        await AppendAsync(UsageWorld.Event("1", At(1), 7));
        Assert.Empty((await Store.ListEventsAsync(other, new UsageQuery(), Token)).Items);
        Assert.Equal(0, (await Store.ReadAsync(other, [_world.Ask("plain")], Token))[0].Events);
        Assert.Equal([new AppendResult(AppendOutcome.Accepted)], await Store.AppendAsync(other, [_world.Stamp(UsageWorld.Event("1", At(1), 7))], Token));
    }

    [Fact]
    public async Task Events_are_listed_latest_first_by_page_and_filter()
    {
        var events = Enumerable.Range(0, 7).Select(i => UsageWorld.Event($"{i}", At(i / 2), i) with { Type = i == 3 ? "other" : "e", Customer = i == 4 ? "globex" : "acme" }).ToArray();
        await AppendAsync(events);
        Assert.Equal("6 5 4 3 2 1 0", await ListAsync(new UsageQuery { Limit = 3 }));
        Assert.Equal("6 5 2 1 0", await ListAsync(new UsageQuery { Limit = 2, Customer = _world.Acme, Type = "e" }));
        Assert.Equal("5 4 3 2", await ListAsync(new UsageQuery { Limit = 1, From = At(1), To = At(3) }));
        var refused = await Assert.ThrowsAsync<BillingException>(() => Store.ListEventsAsync(_world.Tenant, new UsageQuery { After = "?" }, Token));
        Assert.Contains("cursor", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_token_stops_the_call()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.AppendAsync(_world.Tenant, [_world.Stamp(UsageWorld.Event("1", At(1), 7))], source.Token));
        Assert.Empty((await Store.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items);
    }

    private static Instant At(decimal hours) => UsageWorld.Start + Duration.FromSeconds((long)(hours * 3_600));

    private static UsageEvent Removed(string id, Instant at, string user) =>
        UsageWorld.Event(id, at, 0, user: user) with { Properties = UsageProperties.Of(("v", 0), ("user", user), ("op", "remove")) };

    private static UsageEvent Grouped(string id, int value, string? model, string region) =>
        UsageWorld.Event(id, At(1), value) with { Properties = UsageProperties.Of(("v", value), ("user", "u"), ("model", model), ("region", region)) };

    private Task<IReadOnlyList<AppendResult>> AppendAsync(params UsageEvent[] events) => Store.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token);

    private async Task<string> QuantityAsync(UsageRequest request) =>
        Assert.Single((await Store.ReadAsync(_world.Tenant, [request], Token))[0].Groups).Value.ToString(CultureInfo.InvariantCulture);

    private async Task<IEnumerable<string>> GroupsAsync(UsageRequest request) =>
        (await Store.ReadAsync(_world.Tenant, [request], Token))[0].Groups.Select(group => $"{group.Dimensions} {Exact.Format(group.Value)} {group.Events}");

    private async Task<string> ListAsync(UsageQuery query)
    {
        var ids = new List<string>();
        for (string? after = null; ;)
        {
            var page = await Store.ListEventsAsync(_world.Tenant, query with { After = after }, Token);
            ids.AddRange(page.Items.Select(item => item.Event.Id));
            if (page.Next is null)
            {
                return string.Join(' ', ids);
            }

            after = page.Next;
        }
    }
}
