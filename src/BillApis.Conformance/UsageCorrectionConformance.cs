using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageStore"/> keeps what is said of events later, and counts it; derive once for each store.</summary>
public abstract class UsageCorrectionConformance(StoreFixture fixture)
{
    private static readonly Instant At = UsageWorld.Start + Duration.FromHours(30);
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_voided_does_not_count_and_stays_as_it_was_sent()
    {
        var item = UsageWorld.Event("1", At, 5);
        await AppendAsync(item, UsageWorld.Event("2", At, 3));
        Assert.True(await CorrectAsync(item, null));

        Assert.Equal((1, 3, 3), (await QuantityAsync("calls"), await QuantityAsync("plain"), await QuantityAsync("peak")));
        var found = await FindAsync("1");
        Assert.Equal((item, null, true), (found.Event, found.Net, found.IsVoided));
        Assert.Equal(("because", UsageWorld.Now), (found.Corrections[0].Reason, found.Corrections[0].RecordedAt));
        var listed = (await Store.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items;
        Assert.Equal([("2", 0), ("1", 1)], listed.Select(stored => (stored.Event.Id, stored.Corrections.Length)));
        Assert.Equal(AppendOutcome.Duplicate, (await Store.AppendAsync(_world.Tenant, [_world.Stamp(item)], Token))[0].Outcome);
        Assert.Equal(1, await QuantityAsync("calls"));
    }

    [Fact]
    public async Task What_is_amended_counts_as_it_says_then_wherever_that_is()
    {
        var item = UsageWorld.Event("1", At, 5, "small");
        await AppendAsync(item, UsageWorld.Event("2", At, 3));
        var moved = item with { Timestamp = UsageWorld.January.End + Duration.FromMinutes(90), Customer = "globex", SubscriptionId = _world.First, Properties = UsageProperties.Of(("v", 7), ("user", "w")) };
        Assert.True(await CorrectAsync(item, moved));

        Assert.Equal((1, 3), (await QuantityAsync("calls"), await QuantityAsync("plain")));
        var february = _world.Ask("plain", new Interval(UsageWorld.January.End, UsageWorld.Now)) with { Customer = _world.Globex };
        Assert.Equal(7, await QuantityAsync(february));
        Assert.Equal(7, await QuantityAsync(february with { Period = new Interval(UsageWorld.January.End + Duration.FromMinutes(75), UsageWorld.January.End + Duration.FromMinutes(100)) }));
        Assert.Equal([moved], await Store.ReadEventsAsync(_world.Tenant, february, Token));
        Assert.Equal(["2"], (await Store.ReadEventsAsync(_world.Tenant, _world.Ask("plain"), Token)).Select(found => found.Id));

        Assert.True(await CorrectAsync(moved, item with { Properties = UsageProperties.Of(("v", 1), ("user", "w")) }));
        Assert.Equal((4, 0), (await QuantityAsync("plain"), await QuantityAsync(february)));
        Assert.True(await CorrectAsync(item, null));
        Assert.Equal(3, await QuantityAsync("plain"));
        Assert.Equal([true, true, false], (await FindAsync("1")).Corrections.Select(correction => correction.Content is not null));
    }

    [Fact]
    public async Task A_correction_is_stored_only_where_the_event_is_as_the_caller_saw_it()
    {
        var item = UsageWorld.Event("1", At, 5);
        Assert.Null(await Store.FindEventAsync(_world.Tenant, "api", "1", Token));
        Assert.False(await Store.CorrectAsync(_world.Tenant, Correction(item, 0, null), Token));
        await AppendAsync(item);
        Assert.False(await Store.CorrectAsync(_world.Tenant, Correction(item, 1, null), Token));
        Assert.False(await Store.CorrectAsync(_world.Tenant, Correction(item, 0, null) with { Metrics = [] }, Token));
        Assert.False(await Store.CorrectAsync(EntityId.New<TenantId>(), Correction(item, 0, null), Token));
        var winners = await Task.WhenAll(Enumerable.Range(0, 6).Select(node => Task.Run(
            () => (node % 2 == 0 ? Store : fixture.GetFromAnotherNode<IUsageStore>()).CorrectAsync(_world.Tenant, Correction(item, 0, item with { Properties = UsageProperties.Of(("v", node), ("user", "u")) }), Token))));
        Assert.Single(winners, true);
        Assert.Equal(Array.IndexOf(winners, true), await QuantityAsync("plain"));
    }

    [Fact]
    public async Task What_was_known_at_a_time_does_not_hold_what_was_said_later()
    {
        var item = UsageWorld.Event("1", At, 5);
        await Store.AppendAsync(_world.Tenant, [_world.Stamp(item, UsageWorld.Now - Duration.FromDays(2))], Token);
        Assert.True(await Store.CorrectAsync(_world.Tenant, Correction(item, 0, item with { Properties = UsageProperties.Of(("v", 8), ("user", "u")) }) with { RecordedAt = UsageWorld.Now - Duration.FromDays(1) }, Token));
        Assert.True(await CorrectAsync(item, null));

        foreach (var (days, expected) in new[] { (3, 0), (2, 0), (1, 5), (0, 8), (-1, 0) })
        {
            Assert.Equal(expected, await QuantityAsync(_world.Ask("plain") with { Recorded = new Interval(null, UsageWorld.Now - Duration.FromDays(days)) }));
        }
    }

    [Fact]
    public async Task Billed_usage_that_is_corrected_is_marked_to_be_rated_again()
    {
        var item = UsageWorld.Event("1", At, 5);
        await AppendAsync(item, UsageWorld.Event("2", At, 1));
        await Store.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, _world["plain"].Id, _world.First, UsageWorld.January.End)], Token);
        Assert.True(await CorrectAsync(item, item with { Timestamp = At + Duration.FromDays(3) }));

        var late = Assert.Single(await Store.ListLateAsync(new LateQuery { Tenant = _world.Tenant }, Token));
        Assert.Equal((_world["plain"].Id, _world.First, At, At + Duration.FromDays(3)), (late.Metric, late.Subscription, late.First, late.Last));
        Assert.Equal(6, await QuantityAsync("plain"));
    }

    [Fact]
    public async Task An_orphan_that_is_corrected_is_none_any_more()
    {
        var (nobody, nothing) = (UsageWorld.Event("1", At, 5) with { Customer = "initech" }, UsageWorld.Event("2", At, 5) with { Type = "unheard" });
        await AppendAsync(nobody, nothing);
        Assert.True(await CorrectAsync(nobody, nobody with { Customer = "acme" }));
        Assert.True(await CorrectAsync(nothing, null));

        Assert.Empty((await Store.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items);
        Assert.Equal(0, await Store.RecoverAsync(_world.Tenant, [_world.Stamp(nobody with { Customer = "acme" }) with { Event = nobody }], Token));
        Assert.Equal(5, await QuantityAsync("plain"));
    }

    private StampedCorrection Correction(UsageEvent item, int after, UsageEvent? content) => new()
    {
        Id = EntityId.New<UsageCorrectionId>(), Source = item.Source, Event = item.Id, After = after, RecordedAt = UsageWorld.Now, Reason = "because", Metrics = _world.Metrics,
        Content = content is null ? null : _world.Stamp(content),
    };

    private async Task<bool> CorrectAsync(UsageEvent item, UsageEvent? content) =>
        await Store.CorrectAsync(_world.Tenant, Correction(item, (await FindAsync(item.Id)).Corrections.Length, content), Token);

    private async Task<StoredEvent> FindAsync(string id) => (await Store.FindEventAsync(_world.Tenant, UsageEvent.DefaultSource, id, Token))!;

    private Task<IReadOnlyList<AppendResult>> AppendAsync(params UsageEvent[] events) => Store.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token);

    private Task<decimal> QuantityAsync(string metric) => QuantityAsync(_world.Ask(metric));

    private async Task<decimal> QuantityAsync(UsageRequest request) => Assert.Single((await Store.ReadAsync(_world.Tenant, [request], Token))[0].Groups).Value;
}
