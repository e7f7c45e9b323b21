using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>Running totals against a count of the events themselves, whatever the delivery; derive once for each <see cref="IUsageStore"/>.</summary>
public abstract class UsageModelConformance(StoreFixture fixture)
{
    private const int Days = 70;
    private readonly UsageWorld _world = new();

    private IUsageStore Store => fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Totals_equal_a_recount_after_every_operation_of_any_sequence(int seed)
    {
        var random = new Random(seed);
        var (pool, model) = (Pool(random, 80, strangers: true), new UsageModel(_world, Store));
        for (var step = 0; step < 16; step++)
        {
            await (random.Next(8) switch
            {
                0 => model.VoidAsync(random, Token),
                1 => model.AmendAsync(random, item => Vary(random, item) with { Timestamp = At(random), Customer = random.Next(3) == 0 ? "globex" : "acme" }, Token),
                2 => model.RecoverAsync(Token),
                3 => Store.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, _world.Metrics[random.Next(_world.Metrics.Length)].Id, _world.First, At(random))], Token),
                _ => model.AppendAsync([.. Enumerable.Range(0, random.Next(1, 25)).Select(_ => Vary(random, pool[random.Next(pool.Length)]))], Token),
            });
            await _world.CompareAsync(_world.Tenant, Store, model.Counted, Requests(random), Token);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Any_order_split_and_repetition_of_a_delivery_counts_the_same(int seed)
    {
        var random = new Random(seed);
        var pool = Pool(random, 100);
        var tenants = Enumerable.Range(0, 4).Select(_ => EntityId.New<TenantId>()).ToArray();
        foreach (var tenant in tenants)
        {
            UsageEvent[] delivery = [.. pool, .. pool.Where(_ => random.Next(3) == 0)];
            random.Shuffle(delivery);
            for (var start = 0; start < delivery.Length;)
            {
                var size = Math.Min(random.Next(1, 60), delivery.Length - start);
                await Store.AppendAsync(tenant, [.. delivery[start..(start + size)].Select(item => _world.Stamp(item))], Token);
                start += size;
            }

            await _world.CompareAsync(tenant, Store, pool, Requests(new Random(seed)), Token);
        }
    }

    [Fact]
    public async Task Many_writers_with_the_same_ids_count_each_event_once()
    {
        var pool = Pool(new Random(21), 300);
        var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(
            async () =>
            {
                var (random, store, accepted) = (new Random(writer), writer % 2 == 0 ? Store : fixture.GetFromAnotherNode<IUsageStore>(), 0);
                for (var step = 0; step < 12; step++)
                {
                    UsageEvent[] batch = [.. pool.Where(item => step == 11 || random.Next(5) == 0)];
                    random.Shuffle(batch);
                    var results = await store.AppendAsync(_world.Tenant, [.. batch.Select(item => _world.Stamp(item))], Token);
                    Assert.DoesNotContain(AppendOutcome.Conflict, results.Select(result => result.Outcome));
                    accepted += results.Count(result => result.Outcome is AppendOutcome.Accepted);
                }

                return accepted;
            },
            Token));

        Assert.Equal(pool.Length, (await Task.WhenAll(writers)).Sum());
        await _world.CompareAsync(_world.Tenant, Store, pool, Requests(new Random(22)), Token);
    }

    [Fact]
    public async Task An_event_is_in_what_is_read_after_closing_or_it_is_late()
    {
        const int writers = 6;
        var ask = new UsageRequest(_world["calls"], _world.Acme, UsageWorld.January);
        var writing = Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(
            async () =>
            {
                var (counted, store) = (0, writer % 2 == 0 ? Store : fixture.GetFromAnotherNode<IUsageStore>());
                for (var step = 0; step < 20; step++)
                {
                    var batch = Enumerable.Range(0, 5).Select(i => _world.Stamp(UsageWorld.Event($"{writer}.{step}.{i}", UsageWorld.Start + Duration.FromMinutes(step), 1))).ToList();
                    counted += (await store.AppendAsync(_world.Tenant, batch, Token)).Count(result => result.Orphan is null);
                }

                return counted;
            },
            Token)));
        for (long seen = 0; seen < writers * 20;)
        {
            seen = (await Store.ReadAsync(_world.Tenant, [ask], Token))[0].Events;
        }

        await Store.ClosePeriodsAsync(_world.Tenant, [new ClosedPeriod(_world.Acme, ask.Metric.Id, _world.First, UsageWorld.January.End)], Token);
        var billed = (await Store.ReadAsync(_world.Tenant, [ask], Token))[0].Events;

        Assert.Equal(billed, (await writing).Sum());
        Assert.Equal(billed, (await Store.ReadAsync(_world.Tenant, [ask], Token))[0].Events);
        Assert.Equal(writers * 100, (await Store.ReadAsync(_world.Tenant, [ask with { Metric = _world["plain"] }], Token))[0].Events);
    }

    private static UsageEvent Vary(Random random, UsageEvent item) => random.Next(12) switch
    {
        0 => item with { Timestamp = item.Timestamp + Duration.FromSeconds(1) },
        1 => item with { Properties = UsageProperties.Of(("v", 1_000), ("user", "x")) },
        _ => item,
    };

    // Few instants, groups and values, so that ties, edges and repeats are common.
    private UsageEvent[] Pool(Random random, int count, bool strangers = false) => [.. Enumerable.Range(0, count).Select(i => new UsageEvent
    {
        Id = $"{i:x4}",
        Source = random.Next(4) == 0 ? "cdn" : UsageEvent.DefaultSource,
        Type = "e",
        Customer = random.Next(8) switch { 0 or 1 => "globex", 2 when strangers => "initech", _ => "acme" },
        Timestamp = At(random),
        SubscriptionId = random.Next(5) switch { 0 => _world.First, 1 => _world.Second, _ => null },
        Properties = UsageProperties.Of(
            ("v", random.Next(-5_000, 100_000) / 1_000m),
            ("model", random.Next(3) switch { 0 => "small", 1 => "large", _ => default(PropertyValue) }),
            ("region", random.Next(2) == 0 ? "eu" : "us"),
            ("user", $"u{random.Next(9)}"),
            ("op", random.Next(3) switch { 0 => "remove", 1 => "add", _ => default(PropertyValue) })),
    })];

    // Many on the edges of hours, days and months, and many close together.
    private static Instant At(Random random)
    {
        var day = UsageWorld.Start + Duration.FromDays(random.Next(3) == 0 ? (random.Next(2) * 31) - random.Next(3) : random.Next(Days) - 20);
        return random.Next(4) switch
        {
            0 => day,
            1 => day + Duration.FromHours(random.Next(24)),
            2 => day + Duration.FromMinutes(random.Next(24 * 12) * 5),
            _ => UsageWorld.Start + Duration.FromMinutes(random.Next(72) * 5),
        };
    }

    private List<UsageRequest> Requests(Random random) => [.. _world.Metrics.SelectMany(metric => Enumerable.Range(0, 4).Select(_ =>
    {
        var (one, other) = (At(random), At(random));
        var period = new Interval(Instant.Min(one, other), Instant.Max(one, other));
        return new UsageRequest(metric, random.Next(3) == 0 ? _world.Globex : _world.Acme, period)
        {
            Subscription = random.Next(3) switch { 0 => _world.First, 1 => _world.Second, _ => null },
            GroupBy = [.. metric.GroupBy.Where(_ => random.Next(2) == 0)],
            Zone = DateTimeZoneProviders.Tzdb[random.Next(3) switch { 0 => "Asia/Kolkata", 1 => "America/New_York", _ => "UTC" }],
            Whole = random.Next(3) switch { 0 => new Interval(period.Start, period.End + Duration.FromDays(3)), 1 => new Interval(period.Start - Duration.FromMinutes(random.Next(20 * 24 * 60)), period.End), _ => null },
        };
    }))];
}
