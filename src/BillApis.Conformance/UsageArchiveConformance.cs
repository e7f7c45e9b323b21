using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageArchiveStore"/> takes archived events out; derive once for each store.</summary>
public abstract class UsageArchiveConformance(StoreFixture fixture)
{
    private static readonly YearMonth January = new(2026, 1);
    private static readonly Instant Now = UsageWorld.Now;
    private static readonly Instant Later = UsageWorld.Now + Duration.FromDays(9);
    private readonly UsageWorld _world = new();

    private IUsageStore Usage => fixture.Get<IUsageStore>();

    private IUsageArchiveStore Store => fixture.Get<IUsageArchiveStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Totals_and_ids_stay_where_single_events_are_taken_out()
    {
        UsageEvent[] january = [.. Enumerable.Range(0, 60).Select(i => UsageWorld.Event($"j{i}", UsageWorld.Start + Duration.FromMinutes(17 * i), i))];
        var february = UsageWorld.Event("f", UsageWorld.January.End + Duration.FromMinutes(5), 1_000);
        await AppendAsync([.. january[..25], february]);
        await AppendAsync(january[25..]);
        await AppendAsync(UsageWorld.Event("o", Instant.FromUtc(2025, 2, 28, 23, 59), 1), UsageWorld.Event("p", Instant.FromUtc(2025, 3, 1, 0, 0), 1));
        Assert.Contains(_world.Tenant, await Store.TenantsAsync(Token));
        Assert.Equal([new YearMonth(2025, 2), new YearMonth(2025, 3), January], await Store.DueAsync(_world.Tenant, new YearMonth(2026, 2), Token));
        Assert.Equal([new YearMonth(2025, 2)], await Store.DueAsync(_world.Tenant, new YearMonth(2025, 3), Token));
        Assert.Empty(await Store.DueAsync(EntityId.New<TenantId>(), new YearMonth(2026, 2), Token));

        var lot = (await Store.ReadAsync(_world.Tenant, January, Now, Token))!;
        Assert.Equal(january.Select(item => item.Id), lot.Events.Select(item => item.Event.Id));
        Assert.Equal(january.Select(item => item.Properties), lot.Events.Select(item => item.Event.Properties));
        Assert.True(await Store.RemoveAsync(lot, Part(lot), Token));
        Assert.False(await fixture.GetFromAnotherNode<IUsageArchiveStore>().RemoveAsync(lot, Part(lot) with { Part = 2 }, Token));
        Assert.Null(await Store.ReadAsync(_world.Tenant, January, Now, Token));
        Assert.Equal([Part(lot)], await PartsAsync());
        Assert.DoesNotContain(January, await Store.DueAsync(_world.Tenant, new YearMonth(2026, 2), Token));

        Assert.Equal((60m, 60), await ReadAsync("calls", UsageWorld.January));
        Assert.Equal((1_770m, 60), await ReadAsync("plain", UsageWorld.January));
        Assert.Equal((59m, 60), await ReadAsync("peak", UsageWorld.January));
        Assert.Equal(["f", "p", "o"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items.Select(item => item.Event.Id));
        Assert.Equal(["f", "p", "o"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery { Customer = _world.Acme }, Token)).Items.Select(item => item.Event.Id));
        var again = await Usage.AppendAsync(_world.Tenant, [_world.Stamp(january[3]), _world.Stamp(january[4] with { Type = "other" })], Token);
        Assert.Equal([AppendOutcome.Duplicate, AppendOutcome.Conflict], again.Select(result => result.Outcome));
    }

    [Fact]
    public async Task What_needs_single_events_that_are_archived_is_refused()
    {
        var (first, last) = (UsageWorld.Event("a", UsageWorld.Start + Duration.FromMinutes(10), 5), UsageWorld.Event("late", UsageWorld.Start + Duration.FromMinutes(20), 7));
        await AppendAsync(first, UsageWorld.Event("f", UsageWorld.January.End + Duration.FromMinutes(5), 1_000));
        await ArchiveAsync();
        await AppendAsync(last);

        Assert.Equal((12m, 2), await ReadAsync("plain", UsageWorld.January));
        await RefusedAsync(() => ReadAsync("plain", new Interval(UsageWorld.Start + Duration.FromMinutes(1), UsageWorld.January.End)));
        await RefusedAsync(() => Usage.FindEventAsync(_world.Tenant, first.Source, first.Id, Token));
        await RefusedAsync(() => Usage.ReadEventsAsync(_world.Tenant, new UsageRequest(_world["plain"], _world.Acme, UsageWorld.January), Token));
        var found = (await Usage.FindEventAsync(_world.Tenant, last.Source, last.Id, Token))!;
        await RefusedAsync(() => Usage.CorrectAsync(_world.Tenant, new StampedCorrection
        {
            Id = EntityId.New<UsageCorrectionId>(), Source = last.Source, Event = last.Id, After = 0, RecordedAt = UsageWorld.Now, Content = null, Metrics = [.. _world.Metrics.Where(metric => found.Metrics.Contains(metric.Id))],
        }, Token));
        Assert.Equal((12m, 2), await ReadAsync("plain", UsageWorld.January));
        Assert.Equal((1_000m, 1), await ReadAsync("plain", new Interval(UsageWorld.January.End + Duration.FromMinutes(1), UsageWorld.Now)));
        Assert.Null(await Usage.FindEventAsync(_world.Tenant, first.Source, "never", Token));
    }

    [Fact]
    public async Task An_orphan_stays_while_it_may_be_counted()
    {
        var nobody = UsageWorld.Event("nobody", UsageWorld.Start, 1) with { Customer = "nobody" };
        await AppendAsync(nobody, UsageWorld.Event("a", UsageWorld.Start, 2));
        await ArchiveAsync();
        Assert.Equal(["nobody"], (await Usage.ListOrphansAsync(_world.Tenant, new OrphanQuery(), Token)).Items.Select(orphan => orphan.Event.Event.Id));
        Assert.NotNull(await Usage.FindEventAsync(_world.Tenant, nobody.Source, nobody.Id, Token));

        await Usage.DiscardAsync(_world.Tenant, nobody.Source, [nobody.Id], "nobody's", UsageWorld.Now, Token);
        await ArchiveAsync();
        Assert.Empty((await Usage.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items);
        Assert.Equal(2, (await PartsAsync()).Sum(part => part.Events));
    }

    [Fact]
    public async Task A_month_that_was_given_back_takes_events_again()
    {
        var may = Instant.FromUtc(2011, 5, 3, 4, 5);
        await AppendAsync(UsageWorld.Event("a", may, 2));
        await ArchiveAsync(new YearMonth(2011, 5));
        await Store.CloseMonthsAsync(new YearMonth(2011, 6), Token);
        await AppendAsync(UsageWorld.Event("b", may, 3));
        await Store.CloseMonthsAsync(new YearMonth(2011, 6), Token);
        Assert.Equal(["b"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items.Select(item => item.Event.Id));
        Assert.Equal((5m, 2), await ReadAsync("plain", new Interval(Instant.FromUtc(2011, 5, 1, 0, 0), Instant.FromUtc(2011, 6, 1, 0, 0))));
        await Store.OpenMonthAsync(new YearMonth(2011, 5), Token);
        await Store.OpenMonthAsync(new YearMonth(2011, 6), Token);
    }

    [Fact]
    public async Task A_month_that_comes_back_is_as_if_it_had_never_left()
    {
        UsageEvent[] events = [.. Enumerable.Range(0, 150).Select(i => UsageWorld.Event($"e{i}", UsageWorld.Start + Duration.FromMinutes(13 * i), i % 7 + 0.25m, i % 3 == 0 ? "m" : null, $"u{i % 5}") with
        {
            Source = i % 4 == 0 ? "other" : UsageEvent.DefaultSource, SubscriptionId = i % 6 == 0 ? _world.First : null, Customer = i % 10 == 0 ? "globex" : "acme",
        })];
        await AppendAsync([.. events[..70], UsageWorld.Event("f", UsageWorld.January.End, 1_000), UsageWorld.Event("nobody", UsageWorld.Start, 1) with { Customer = "nobody" }]);
        await AppendAsync(events[70..]);
        await CorrectAsync("e1", null);
        await CorrectAsync("e2", UsageWorld.Event("e2", UsageWorld.Start + Duration.FromHours(50), 40));
        await Usage.DiscardAsync(_world.Tenant, UsageEvent.DefaultSource, ["nobody"], "nobody's", UsageWorld.Now, Token);
        var (before, readings) = (await ListAsync(), await ReadAllAsync());
        var lots = await ArchiveAsync();
        await AppendAsync(UsageWorld.Event("late", UsageWorld.Start + Duration.FromHours(3), 5));
        lots.AddRange(await ArchiveAsync());
        Assert.Equal(["f"], (await ListAsync()).Select(item => item.Event.Id));
        Assert.True((await PartsAsync()).Count > 1);

        var restoration = await RestorationAsync(lots);
        Assert.True(await Store.RestoreAsync(restoration, Token));
        Assert.False(await fixture.GetFromAnotherNode<IUsageArchiveStore>().RestoreAsync(restoration, Token));
        Assert.Empty(await PartsAsync());
        var after = await ListAsync();
        Assert.Equivalent(before, after.Where(item => item.Event.Id != "late"), strict: true);
        Assert.Equal(before.Count + 1, after.Count);
        Assert.Equivalent(before[^1], await fixture.GetFromAnotherNode<IUsageStore>().FindEventAsync(_world.Tenant, before[^1].Event.Source, before[^1].Event.Id, Token), strict: true);
        var again = await Usage.AppendAsync(_world.Tenant, [_world.Stamp(events[3]), _world.Stamp(events[5] with { Type = "other" })], Token);
        Assert.Equal([AppendOutcome.Duplicate, AppendOutcome.Conflict], again.Select(result => result.Outcome));

        // The one late event, and nothing else, is what totals differ by; parts of hours, which only the events tell, agree with them.
        await CorrectAsync("late", null);
        Assert.Equal(readings, await ReadAllAsync());
        await CorrectAsync("e3", null);
        var (voided, (whole, _)) = (3.25m, await ReadAsync("plain", UsageWorld.January));
        Assert.Equal(readings["plain"] - voided, whole);
        var cut = UsageWorld.Start + Duration.FromMinutes(500);
        Assert.Equal(whole, (await ReadAsync("plain", new Interval(UsageWorld.Start, cut))).Item1 + (await ReadAsync("plain", new Interval(cut, UsageWorld.January.End))).Item1);
    }

    [Fact]
    public async Task A_month_that_came_back_stays_until_it_need_not_be_kept_any_more()
    {
        await AppendAsync(UsageWorld.Event("a", UsageWorld.Start, 5));
        var lots = await ArchiveAsync();
        var lot = lots.Single();
        Assert.True(await Store.RestoreAsync(await RestorationAsync(lots), Token));
        Assert.Equal([new RestoredMonth(January, Later)], await Store.RestoredAsync(_world.Tenant, Now, Token));
        Assert.Null(await Store.ReadAsync(_world.Tenant, January, Later - Duration.FromSeconds(1), Token));
        Assert.False(await Store.RemoveAsync(lot, Part(lot), Token));
        Assert.Empty(await Store.RestoredAsync(_world.Tenant, Later, Token));
        var again = (await Store.ReadAsync(_world.Tenant, January, Later, Token))!;
        Assert.True(await Store.RemoveAsync(again, Part(again) with { ArchivedAt = Later }, Token));
        Assert.Equivalent(lot.Events, again.Events, strict: true);
        Assert.Equal((5m, 1), await ReadAsync("plain", UsageWorld.January));
    }

    [Theory]
    [InlineData("never")]
    [InlineData("there")]
    [InlineData("a")]
    public async Task What_was_not_archived_here_does_not_come_back(string id)
    {
        await AppendAsync(UsageWorld.Event("a", UsageWorld.Start, 5), UsageWorld.Event("b", UsageWorld.Start + Duration.FromHours(1), 6));
        var lots = await ArchiveAsync();
        await AppendAsync(UsageWorld.Event("there", UsageWorld.January.End, 7));
        var (restoration, good) = (await RestorationAsync(lots), lots.SelectMany(lot => lot.Events).ToList());
        var wrong = restoration with { Events = new[] { good, [good[0] with { Event = good[0].Event with { Id = id } }] }.ToAsyncEnumerable() };
        await RefusedAsync(() => Store.RestoreAsync(wrong, Token));
        Assert.Equal(["there"], (await ListAsync()).Select(item => item.Event.Id));
        Assert.Equal(restoration.Parts, await PartsAsync());
        Assert.True(await Store.RestoreAsync(restoration, Token));
        Assert.Equal(["there", "b", "a"], (await ListAsync()).Select(item => item.Event.Id));
    }

    [Fact]
    public async Task Files_are_listed_page_by_page_and_by_month()
    {
        foreach (var month in new[] { 3, 1, 2 })
        {
            for (var i = 0; i < 2; i++)
            {
                await AppendAsync(UsageWorld.Event($"{month} {i}", Instant.FromUtc(2025, month, 5, i, 0), 1));
                await ArchiveAsync(new YearMonth(2025, month));
            }
        }

        var (files, after) = (new List<string>(), (string?)null);
        do
        {
            var page = await Store.ListAsync(_world.Tenant, new UsageArchiveQuery { Limit = 4, After = after }, Token);
            files.AddRange(page.Items.Select(part => $"{part.Month.Month}/{part.Part}"));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(["1/1", "1/2", "2/1", "2/2", "3/1", "3/2"], files);
        Assert.Equal([1, 2], (await Store.ListAsync(_world.Tenant, new UsageArchiveQuery { Month = new YearMonth(2025, 2) }, Token)).Items.Select(part => part.Part));
        Assert.Empty((await Store.ListAsync(EntityId.New<TenantId>(), new UsageArchiveQuery(), Token)).Items);
    }

    [Fact]
    public async Task One_node_at_a_time_looks_after_old_usage()
    {
        Assert.True(await Store.TryLeaseAsync(Duration.Zero, Token));
        Assert.True(await Store.TryLeaseAsync(Duration.FromHours(1), Token));
        Assert.False(await fixture.GetFromAnotherNode<IUsageArchiveStore>().TryLeaseAsync(Duration.FromHours(1), Token));
    }

    private static UsageArchivePart Part(UsageArchiveLot lot) => new(lot.Tenant, lot.Month, lot.Part, $"{lot.Part}.gz", lot.Events.Count, 10, "ab", UsageWorld.Now);

    private static async Task RefusedAsync(Func<Task> call) => Assert.Equal(BillingErrorCode.Conflict, (await Assert.ThrowsAsync<BillingException>(call)).Code);

    private async Task<List<UsageArchiveLot>> ArchiveAsync(YearMonth? month = null)
    {
        var lots = new List<UsageArchiveLot>();
        while (await Store.ReadAsync(_world.Tenant, month ?? January, Now, Token) is { } lot)
        {
            Assert.True(await Store.RemoveAsync(lot, Part(lot), Token));
            lots.Add(lot);
        }

        return lots;
    }

    private async Task<IReadOnlyList<UsageArchivePart>> PartsAsync() => (await Store.ListAsync(_world.Tenant, new UsageArchiveQuery(), Token)).Items;

    private async Task<UsageRestoration> RestorationAsync(List<UsageArchiveLot> lots) =>
        new(_world.Tenant, January, [.. await PartsAsync()], lots.Select(lot => lot.Events).ToAsyncEnumerable(), _world.Metrics, Later);

    private async Task<IReadOnlyList<StoredEvent>> ListAsync() => (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery { Limit = Limits.PageSize }, Token)).Items;

    // What every metric says of January as a whole.
    private async Task<Dictionary<string, decimal>> ReadAllAsync() =>
        (await Usage.ReadAsync(_world.Tenant, [.. _world.Metrics.Select(metric => _world.Ask(metric.Code))], Token)).ToDictionary(reading => reading.Request.Metric.Code, reading => reading.Groups.Single().Value);

    private async Task CorrectAsync(string id, UsageEvent? content) => Assert.True(await Usage.CorrectAsync(_world.Tenant, new StampedCorrection
    {
        Id = EntityId.New<UsageCorrectionId>(), Source = UsageEvent.DefaultSource, Event = id, After = 0, RecordedAt = UsageWorld.Now,
        Content = content is null ? null : _world.Stamp(content), Metrics = _world.Metrics,
    }, Token));

    private async Task AppendAsync(params UsageEvent[] events) =>
        Assert.All(await Usage.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token), result => Assert.Equal(AppendOutcome.Accepted, result.Outcome));

    private async Task<(decimal, long)> ReadAsync(string metric, Interval period)
    {
        var reading = (await Usage.ReadAsync(_world.Tenant, [new UsageRequest(_world[metric], _world.Acme, period)], Token))[0];
        return (reading.Groups.Single().Value, reading.Events);
    }
}
