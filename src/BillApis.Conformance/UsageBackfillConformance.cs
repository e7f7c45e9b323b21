using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageBackfillStore"/> holds, compares, applies and reverts; derive once for each store.</summary>
public abstract class UsageBackfillConformance(StoreFixture fixture)
{
    private static readonly Interval Days = new(UsageWorld.Start + Duration.FromDays(2), UsageWorld.Start + Duration.FromDays(12));
    private readonly UsageWorld _world = new();
    private int _changes;

    private IUsageStore Usage => fixture.Get<IUsageStore>();

    private IUsageBackfillStore Store => fixture.Get<IUsageBackfillStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Whatever_backfills_do_the_totals_equal_a_recount_of_what_counts(int seed)
    {
        var (random, model) = (new Random(seed), new UsageModel(_world, Usage));
        var applied = new List<UsageBackfill>();
        for (var step = 0; step < 14; step++)
        {
            switch (random.Next(7))
            {
                case 0:
                    await model.VoidAsync(random, Token);
                    break;
                case 1:
                    await model.AmendAsync(random, item => Any(random) with { Id = item.Id, Source = item.Source }, Token);
                    break;
                case 2:
                    await model.RecoverAsync(Token);
                    break;
                case 3 when applied.Count > 0:
                    var last = applied[^1];
                    applied.RemoveAt(applied.Count - 1);
                    Assert.Equal(UsageBackfillStatus.Reverted, (await Store.RevertAsync(last, Work(last), Token))!.Status);
                    model.Revert(last);
                    break;
                case 4 or 5:
                    applied.Add(await BackfillAsync(random, model));
                    break;
                default:
                    await model.AppendAsync([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Any(random, strangers: true))], Token);
                    break;
            }

            await CompareAsync(model.Counted);
        }
    }

    [Fact]
    public async Task What_is_held_is_told_apart_from_what_is_there_and_counts_for_nothing()
    {
        var (there, taken) = (At("there", 3), At("taken", 3));
        await AppendAsync(there, taken, At("outside", 20));
        var backfill = await OpenAsync(replaceExisting: false);
        UsageEvent[] sent = [At("new", 4), At("new", 4), At("new", 5), there, At("taken", 4)];
        Assert.Equal([AppendOutcome.Accepted, AppendOutcome.Duplicate, AppendOutcome.Conflict, AppendOutcome.Duplicate, AppendOutcome.Conflict], await HoldAsync(backfill, sent));
        Assert.Equal([AppendOutcome.Duplicate], await HoldAsync(backfill, At("new", 4)));
        Assert.Equal((1, 3), (await Store.CountHeldAsync(_world.Tenant, backfill.Id, Token), await CallsAsync()));
        Assert.Equal(0, await Store.CountHeldAsync(EntityId.New<TenantId>(), backfill.Id, Token));

        var replacing = await OpenAsync(replaceExisting: true);
        Assert.Equal([AppendOutcome.Accepted, AppendOutcome.Accepted, AppendOutcome.Conflict], await HoldAsync(replacing, there, At("taken", 4), At("outside", 4)));
        Assert.Equal(["taken", "there"], (await Store.ReadHeldAsync(_world.Tenant, replacing.Id, null, 10, Token)).Select(item => item.Id));
        Assert.Equal([there], await Store.ReadHeldAsync(_world.Tenant, replacing.Id, At("taken", 4), 10, Token));
        Assert.Null(await Store.HoldAsync(replacing.WithVersion(7), [_world.Stamp(there)], Token));
    }

    [Fact]
    public async Task Of_many_that_apply_at_once_one_does_and_nobody_sees_half()
    {
        await AppendAsync([.. Enumerable.Range(0, 40).Select(i => At($"old-{i}", 3))]);
        var backfill = await OpenAsync(replaceExisting: true);
        await HoldAsync(backfill, [.. Enumerable.Range(0, 70).Select(i => At($"new-{i}", 4))]);
        var applying = Task.WhenAll(Enumerable.Range(0, 6).Select(node => Task.Run(
            () => (node % 2 == 0 ? Store : fixture.GetFromAnotherNode<IUsageBackfillStore>()).ApplyAsync(backfill, Work(backfill), Token), Token)));
        while (!applying.IsCompleted)
        {
            Assert.True(await CallsAsync() is 40 or 70);
        }

        var applied = Assert.Single(await applying, item => item is not null)!;
        Assert.Equal((UsageBackfillStatus.Applied, new BackfillEffect(70, 0, 40, 0), 70m), (applied.Status, applied.Effect!, await CallsAsync()));
        Assert.Null(await Store.HoldAsync(backfill, [_world.Stamp(At("more", 3))], Token));
        Assert.Equivalent(applied, await Store.FindAsync(_world.Tenant, applied.Id.ToString(), Token), strict: true);

        Assert.Null(await Store.RevertAsync(backfill, Work(backfill), Token));
        Assert.NotNull(await Store.RevertAsync(applied, Work(applied), Token));
        Assert.Equal(40m, await CallsAsync());
        var old = (await Usage.FindEventAsync(_world.Tenant, UsageEvent.DefaultSource, "old-0", Token))!;
        Assert.Equal((2, old.Event, $"backfill {backfill.Id}"), (old.Corrections.Length, old.Net, old.Corrections[0].Reason));
        Assert.True((await Usage.FindEventAsync(_world.Tenant, UsageEvent.DefaultSource, "new-0", Token))!.IsVoided);
    }

    [Fact]
    public async Task A_backfill_that_is_given_up_leaves_nothing()
    {
        await AppendAsync(At("old", 3));
        var backfill = await OpenAsync(replaceExisting: true);
        await HoldAsync(backfill, At("new", 4));
        var reverted = (await Store.RevertAsync(backfill, Work(backfill), Token))!;
        Assert.Equal((UsageBackfillStatus.Reverted, null, 0, 1), (reverted.Status, reverted.AppliedAt, await Store.CountHeldAsync(_world.Tenant, backfill.Id, Token), await CallsAsync()));
        Assert.Empty((await Store.CompareAsync(reverted, Work(reverted), null, 10, Token)).Items);
        Assert.Empty((await Usage.FindEventAsync(_world.Tenant, UsageEvent.DefaultSource, "old", Token))!.Corrections);
    }

    [Fact]
    public async Task Billed_usage_is_marked_to_be_rated_again_or_left_as_the_policy_says()
    {
        await AppendAsync(At("old", 3));
        await Usage.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, _world["calls"].Id, _world.First, UsageWorld.January.End)], Token);
        var replacing = await OpenAsync(replaceExisting: true);
        await HoldAsync(replacing, At("new", 4), At("newer", 5));
        Assert.Equal(BillingErrorCode.Conflict, (await Assert.ThrowsAsync<BillingException>(() => Store.ApplyAsync(replacing, Work(replacing, countsLate: false), Token))).Code);
        Assert.Equal(1, await CallsAsync());

        var applied = (await Store.ApplyAsync(replacing, Work(replacing), Token))!;
        var late = Assert.Single(await LateAsync());
        Assert.Equal((_world["calls"].Id, At("old", 3).Timestamp, At("newer", 5).Timestamp, 2m), (late.Metric, late.First, late.Last, await CallsAsync()));
        await Usage.SettleLateAsync(_world.Tenant, [late], Token);
        await Store.RevertAsync(applied, Work(applied), Token);
        Assert.Equal((1, 1m), ((await LateAsync()).Count, await CallsAsync()));

        var adding = await OpenAsync(replaceExisting: false);
        await HoldAsync(adding, At("late", 6));
        adding = (await Store.ApplyAsync(adding, Work(adding, countsLate: false), Token))!;
        Assert.Equal((OrphanReason.Late, 1m), (Assert.Single((await Usage.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items).Reason, await CallsAsync()));
        var again = await OpenAsync(replaceExisting: true);
        Assert.Contains("late", (await Assert.ThrowsAsync<BillingException>(() => Store.ApplyAsync(again, Work(again), Token))).Message, StringComparison.Ordinal);
        await Store.RevertAsync(adding, Work(adding, countsLate: false), Token);
        Assert.Empty((await Usage.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items);
    }

    [Fact]
    public async Task Orphans_of_the_timeframe_are_given_up_with_it_and_open_again_when_it_is_reverted()
    {
        await AppendAsync(At("nobodys", 3) with { Customer = "initech" }, At("elsewhere", 20) with { Customer = "initech" });
        var backfill = await OpenAsync(replaceExisting: true);
        Assert.Equal([AppendOutcome.Conflict], await HoldAsync(backfill, At("nobodys", 3)));
        backfill = (await Store.ApplyAsync(backfill, Work(backfill), Token))!;
        Assert.Equal(["elsewhere"], (await Usage.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items.Select(orphan => orphan.Event.Event.Id));
        await Store.RevertAsync(backfill, Work(backfill), Token);
        Assert.Equal(["elsewhere", "nobodys"], (await Usage.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items.Select(orphan => orphan.Event.Event.Id).Order());
    }

    private async Task<UsageBackfill> BackfillAsync(Random random, UsageModel model)
    {
        var start = UsageWorld.Start + Duration.FromMinutes(random.Next(10 * 24 * 60));
        var backfill = await OpenAsync(random.Next(3) > 0, new Interval(start, start + Duration.FromMinutes(random.Next(1, 15 * 24 * 60))), random.Next(2) == 0 ? _world.Acme : null);
        var held = new List<UsageEvent>();
        foreach (var item in Enumerable.Range(0, random.Next(25)).Select(_ => Any(random)).Where(item => backfill.Period.Contains(item.Timestamp!.Value) && (backfill.Customer is null || item.Customer == "acme")).DistinctBy(item => (item.Source, item.Id)))
        {
            var expected = model.Held(backfill, item);
            Assert.Equal([expected], await HoldAsync(backfill, item));
            if (expected is AppendOutcome.Accepted)
            {
                held.Add(item);
            }
        }

        var before = model.Counted;
        var tried = (await Store.CompareAsync(backfill, Work(backfill), null, Limits.PageSize, Token)).Items;
        await CompareAsync(before);
        var effect = model.Apply(backfill, held);
        var applied = (await Store.ApplyAsync(backfill, Work(backfill), Token))!;
        Assert.Equal(effect, applied.Effect);
        Assert.Equal(tried.AsEnumerable(), (await Store.CompareAsync(applied, Work(applied), null, Limits.PageSize, Token)).Items);
        foreach (var row in tried)
        {
            var request = new UsageRequest(_world.Metrics.Single(metric => metric.Id == row.Metric), row.Customer, backfill.Period);
            Assert.Equal((Recount(request, before), Recount(request, model.Counted)), ((row.QuantityBefore, row.EventsBefore), (row.QuantityAfter, row.EventsAfter)));
        }

        return applied;
    }

    // Few ids, instants and values, so that events meet.
    private UsageEvent Any(Random random, bool strangers = false) => new()
    {
        Id = $"{random.Next(60)}", Source = random.Next(4) == 0 ? "cdn" : UsageEvent.DefaultSource, Type = "e",
        Customer = random.Next(6) switch { 0 => "globex", 1 when strangers => "initech", _ => "acme" },
        Timestamp = UsageWorld.Start + Duration.FromMinutes(random.Next(20 * 24) * 60 + random.Next(2) * 30),
        SubscriptionId = random.Next(5) == 0 ? _world.First : null,
        Properties = UsageProperties.Of(("v", random.Next(1, 9)), ("model", random.Next(2) == 0 ? "small" : "large"), ("user", $"u{random.Next(4)}"), ("op", random.Next(3) == 0 ? "remove" : "add")),
    };

    private async Task<UsageBackfill> OpenAsync(bool replaceExisting, Interval? period = null, CustomerId? customer = null)
    {
        var backfill = new UsageBackfill { Id = EntityId.New<UsageBackfillId>(), Tenant = _world.Tenant, Period = period ?? Days, Customer = customer, ReplaceExisting = replaceExisting, CreatedAt = UsageWorld.Now };
        Assert.Equal(SaveResult.Saved, await Store.SaveAsync(_world.Tenant, [backfill], [], Token));
        return backfill.WithVersion(1);
    }

    private async Task<IEnumerable<AppendOutcome>> HoldAsync(UsageBackfill backfill, params UsageEvent[] events) =>
        (await Store.HoldAsync(backfill, [.. events.Select(item => _world.Stamp(item))], Token))!.Select(result => result.Outcome);

    // Each change has a time of its own, behind all that was recorded otherwise.
    private BackfillWork Work(UsageBackfill backfill, bool countsLate = true)
    {
        var at = UsageWorld.Now + Duration.FromHours(Interlocked.Increment(ref _changes));
        return new BackfillWork(at, _world.Metrics, HeldAsync(backfill, at, countsLate), countsLate);
    }

    private async IAsyncEnumerable<IReadOnlyList<StampedEvent>> HeldAsync(UsageBackfill backfill, Instant at, bool countsLate)
    {
        for (UsageEvent? after = null; await Store.ReadHeldAsync(_world.Tenant, backfill.Id, after, 7, Token) is { Count: > 0 } events; after = events[^1])
        {
            yield return [.. events.Select(item => _world.Stamp(item, at) with { CountsLate = countsLate })];
        }
    }

    private static UsageEvent At(string id, int day) => UsageWorld.Event(id, UsageWorld.Start + Duration.FromDays(day), 1);

    private Task<IReadOnlyList<AppendResult>> AppendAsync(params UsageEvent[] events) => Usage.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token);

    private Task<IReadOnlyList<LateUsage>> LateAsync() => Usage.ListLateAsync(new LateQuery { Tenant = _world.Tenant }, Token);

    private async Task<decimal> CallsAsync() => (await Usage.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Groups.Single().Value;

    private (decimal, long) Recount(UsageRequest request, IReadOnlyCollection<UsageEvent> kept)
    {
        var reading = UsageCalculator.Read(request, kept.Where(item => _world.CustomerOf(item) == request.Customer));
        return (reading.Groups.Single().Value, reading.Events);
    }

    private async Task CompareAsync(IReadOnlyCollection<UsageEvent> kept)
    {
        var requests = _world.Metrics.SelectMany(metric => new[] { _world.Acme, _world.Globex }.SelectMany(customer => new[] { UsageWorld.January, Days }.Select(period => new UsageRequest(metric, customer, period)))).ToList();
        foreach (var (request, answer) in requests.Zip(await Usage.ReadAsync(_world.Tenant, requests, Token)))
        {
            Assert.Equal(Recount(request, kept), (answer.Groups.Single().Value, answer.Events));
        }
    }
}
