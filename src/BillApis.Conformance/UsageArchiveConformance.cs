using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>How every <see cref="IUsageArchiveStore"/> takes archived events out; derive once for each store.</summary>
public abstract class UsageArchiveConformance(StoreFixture fixture)
{
    private static readonly YearMonth January = new(2026, 1);
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
        Assert.Contains((_world.Tenant, January), await Store.DueAsync(new YearMonth(2026, 2), Token));
        Assert.DoesNotContain((_world.Tenant, January), await Store.DueAsync(January, Token));

        var lot = (await Store.ReadAsync(_world.Tenant, January, Token))!;
        Assert.Equal(january.Select(item => item.Id), lot.Events.Select(item => item.Event.Id));
        Assert.Equal(january.Select(item => item.Properties), lot.Events.Select(item => item.Event.Properties));
        Assert.True(await Store.RemoveAsync(lot, Part(lot), Token));
        Assert.False(await fixture.GetFromAnotherNode<IUsageArchiveStore>().RemoveAsync(lot, Part(lot) with { Part = 2 }, Token));
        Assert.Null(await Store.ReadAsync(_world.Tenant, January, Token));
        Assert.Equal([Part(lot)], await Store.ListAsync(_world.Tenant, Token));
        Assert.DoesNotContain((_world.Tenant, January), await Store.DueAsync(new YearMonth(2026, 2), Token));

        Assert.Equal((60m, 60), await ReadAsync("calls", UsageWorld.January));
        Assert.Equal((1_770m, 60), await ReadAsync("plain", UsageWorld.January));
        Assert.Equal((59m, 60), await ReadAsync("peak", UsageWorld.January));
        Assert.Equal(["f"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items.Select(item => item.Event.Id));
        Assert.Equal(["f"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery { Customer = _world.Acme }, Token)).Items.Select(item => item.Event.Id));
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
        Assert.Equal(2, (await Store.ListAsync(_world.Tenant, Token)).Sum(part => part.Events));
    }

    [Fact]
    public async Task A_month_that_was_given_back_takes_events_again()
    {
        var may = Instant.FromUtc(2011, 5, 3, 4, 5);
        await AppendAsync(UsageWorld.Event("a", may, 2));
        await ArchiveAsync(new YearMonth(2011, 5));
        await Store.CloseMonthAsync(new YearMonth(2011, 5), Token);
        await Store.CloseMonthAsync(new YearMonth(2011, 4), Token);
        await AppendAsync(UsageWorld.Event("b", may, 3));
        await Store.CloseMonthAsync(new YearMonth(2011, 5), Token);
        Assert.Equal(["b"], (await Usage.ListEventsAsync(_world.Tenant, new UsageQuery(), Token)).Items.Select(item => item.Event.Id));
        Assert.Equal((5m, 2), await ReadAsync("plain", new Interval(Instant.FromUtc(2011, 5, 1, 0, 0), Instant.FromUtc(2011, 6, 1, 0, 0))));
        await Store.OpenMonthAsync(new YearMonth(2011, 5), Token);
        await Store.OpenMonthAsync(new YearMonth(2011, 6), Token);
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

    private async Task ArchiveAsync(YearMonth? month = null)
    {
        while (await Store.ReadAsync(_world.Tenant, month ?? January, Token) is { } lot)
        {
            Assert.True(await Store.RemoveAsync(lot, Part(lot), Token));
        }
    }

    private async Task AppendAsync(params UsageEvent[] events) =>
        Assert.All(await Usage.AppendAsync(_world.Tenant, [.. events.Select(item => _world.Stamp(item))], Token), result => Assert.Equal(AppendOutcome.Accepted, result.Outcome));

    private async Task<(decimal, long)> ReadAsync(string metric, Interval period)
    {
        var reading = (await Usage.ReadAsync(_world.Tenant, [new UsageRequest(_world[metric], _world.Acme, period)], Token))[0];
        return (reading.Groups.Single().Value, reading.Events);
    }
}
