using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageStore"/> counts its totals anew; derive once for each store.</summary>
public abstract class UsageRebuildConformance(StoreFixture fixture)
{
    private static readonly YearMonth January = new(2026, 1);
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_moved_the_totals_a_rebuild_counts_the_same(int seed)
    {
        var (random, model) = (new Random(seed), new UsageModel(_world, Store));
        for (var step = 0; step < 10; step++)
        {
            await (random.Next(6) switch
            {
                0 => model.VoidAsync(random, Token),
                1 => model.AmendAsync(random, item => Any(random) with { Id = item.Id, Source = item.Source }, Token),
                2 => model.RecoverAsync(Token),
                _ => model.AppendAsync([.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => Any(random))], Token),
            });
        }

        foreach (var set in new[] { false, true })
        {
            var rebuilt = await RebuildAsync(set);
            Assert.Empty(rebuilt.SelectMany(step => step.Differences));
            Assert.Equal(model.Counted.Count, rebuilt.Sum(step => step.Events));
            Assert.Equal(model.Counted.Select(item => item.Timestamp!.Value.InUtc().Date.ToYearMonth()).Distinct().Order(), rebuilt.Where(step => step.Events > 0).Select(step => step.Month).Distinct());
        }

        await CompareAsync(model.Counted);
    }

    [Fact]
    public async Task Where_nothing_was_used_there_is_nothing_to_count()
    {
        await AppendAsync(Store, "0");
        Assert.Empty(await Store.RebuildAsync(EntityId.New<TenantId>(), MetricsAsync, set: true, Token).ToListAsync(Token));
        Assert.Equal(1, (await RebuildAsync(set: true)).Sum(step => step.Events));
    }

    [Fact]
    public async Task A_rebuild_beside_intake_finds_nothing_and_loses_nothing()
    {
        const int Writers = 4;
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
            async () =>
            {
                var store = writer % 2 == 0 ? Store : fixture.GetFromAnotherNode<IUsageStore>();
                for (var step = 0; step < 25; step++)
                {
                    await AppendAsync(store, [.. Enumerable.Range(0, 4).Select(i => $"{writer}.{step}.{i}")]);
                }
            },
            Token)));
        do
        {
            Assert.Empty((await RebuildAsync(set: true)).SelectMany(step => step.Differences));
        }
        while (!writing.IsCompleted);
        await writing;
        Assert.Equal(Writers * 100, (await RebuildAsync(set: false)).Sum(step => step.Events));
        Assert.Equal(Writers * 100, (await Store.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Events);
    }

    [Fact]
    public async Task A_month_that_is_archived_is_told_and_left_alone()
    {
        var archive = fixture.Get<IUsageArchiveStore>();
        await AppendAsync(Store, "a", "b");
        await Store.AppendAsync(_world.Tenant, [_world.Stamp(UsageWorld.Event("february", UsageWorld.January.End, 3))], Token);
        var lot = (await archive.ReadAsync(_world.Tenant, January, UsageWorld.Now, Token))!;
        Assert.True(await archive.RemoveAsync(lot, new UsageArchivePart(lot.Tenant, lot.Month, lot.Part, "1.gz", lot.Events.Count, 10, "ab", UsageWorld.Now), Token));

        var rebuilt = await RebuildAsync(set: true);
        Assert.Equal([(January, 0L)], rebuilt.Where(step => step.IsArchived).Select(step => (step.Month, step.Events)));
        Assert.Equal(1, rebuilt.Where(step => step.Month == new YearMonth(2026, 2)).Sum(step => step.Events));
        Assert.Empty(rebuilt.SelectMany(step => step.Differences));
        Assert.Equal(2, (await Store.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Events);
    }

    [Fact]
    public async Task An_event_of_a_metric_that_is_not_there_is_refused()
    {
        await AppendAsync(Store, "a");
        var refused = await Assert.ThrowsAsync<BillingException>(() => Store.RebuildAsync(_world.Tenant, _ => Task.FromResult<IReadOnlyList<Metric>>([]), set: true, Token).ToListAsync(Token).AsTask());
        Assert.Equal(BillingErrorCode.Conflict, refused.Code);
        Assert.Equal(1, (await Store.ReadAsync(_world.Tenant, [_world.Ask("calls")], Token))[0].Events);
    }

    private Task<IReadOnlyList<Metric>> MetricsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Metric>>(_world.Metrics);

    private async Task<List<RebuiltTotals>> RebuildAsync(bool set) => await Store.RebuildAsync(_world.Tenant, MetricsAsync, set, Token).ToListAsync(Token);

    private Task<IReadOnlyList<AppendResult>> AppendAsync(IUsageStore store, params string[] ids) =>
        store.AppendAsync(_world.Tenant, [.. ids.Select(id => _world.Stamp(UsageWorld.Event(id, UsageWorld.Start + Duration.FromHours(id.Length), 1)))], Token);

    // Few ids, instants and values, so that events meet; on both sides of two ends of months.
    private UsageEvent Any(Random random) => new()
    {
        Id = $"{random.Next(150)}", Source = random.Next(4) == 0 ? "cdn" : UsageEvent.DefaultSource, Type = "e",
        Customer = random.Next(6) switch { 0 => "globex", 1 => "initech", _ => "acme" },
        Timestamp = UsageWorld.Start + Duration.FromMinutes((random.Next(38 * 24) - 48) * 60 + random.Next(2) * 30),
        SubscriptionId = random.Next(5) == 0 ? _world.First : null,
        Properties = UsageProperties.Of(("v", random.Next(1, 9) / 4m), ("model", random.Next(2) == 0 ? "small" : "large"), ("user", $"u{random.Next(4)}"), ("op", random.Next(3) == 0 ? "remove" : "add")),
    };

    private async Task CompareAsync(IReadOnlyCollection<UsageEvent> kept)
    {
        var all = new Interval(UsageWorld.Start - Duration.FromDays(3), UsageWorld.Now);
        var requests = _world.Metrics.SelectMany(metric => new[] { _world.Acme, _world.Globex }.SelectMany(customer => new[] { UsageWorld.January, all }.Select(period => new UsageRequest(metric, customer, period)))).ToList();
        await _world.CompareAsync(_world.Tenant, Store, kept, requests, Token);
    }
}
