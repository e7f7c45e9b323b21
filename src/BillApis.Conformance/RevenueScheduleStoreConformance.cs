using BillApis.Invoicing;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IRevenueScheduleStore"/> must do.</summary>
public abstract class RevenueScheduleStoreConformance(StoreFixture fixture)
{
    // Long ago, so that nothing of other suites is due then.
    private static readonly Instant Start = Instant.FromUtc(1999, 3, 1, 0, 0);
    private readonly IRevenueScheduleStore _store = fixture.Get<IRevenueScheduleStore>();

    /// <summary>A schedule is due once its next day is over, and not any more once it is posted whole.</summary>
    [Fact]
    public async Task Schedules_are_due_by_their_next_day()
    {
        var schedule = Schedule();
        Assert.Equal(SaveResult.Saved, (await _store.SaveAsync(schedule.Tenant, [schedule], [], default)));
        Assert.DoesNotContain(schedule.Id, (await DueAsync(Start + Duration.FromHours(24) - Duration.FromTicks(10))));
        Assert.Contains(schedule.Id, (await DueAsync(Start + Duration.FromHours(24))));

        var after = schedule.WithVersion(1).ReleaseUntil(Start + Duration.FromDays(2)).Schedule;
        Assert.Equal(SaveResult.Saved, (await _store.SaveAsync(schedule.Tenant, [after], [], default)));
        Assert.DoesNotContain(schedule.Id, (await DueAsync(Start + Duration.FromDays(5))));
        var found = await _store.FindAsync(schedule.Tenant, schedule.Id.ToString(), default);
        Assert.Equal((schedule.Amount, 2, 2L), (found!.Released, found.DaysReleased, found.Version));
    }

    /// <summary>What is taken back of days that were posted is due at once.</summary>
    [Fact]
    public async Task What_was_taken_back_is_due_at_once()
    {
        var schedule = Schedule().ReleaseUntil(Start + Duration.FromDays(1)).Schedule;
        Assert.Equal(SaveResult.Saved, (await _store.SaveAsync(schedule.Tenant, [schedule], [], default)));
        Assert.DoesNotContain(schedule.Id, (await DueAsync(Start + Duration.FromDays(1))));
        Assert.Equal(SaveResult.Saved, (await _store.SaveAsync(schedule.Tenant, [schedule.WithVersion(1) with { IsCanceled = true }], [], default)));
        Assert.Contains(schedule.Id, (await DueAsync(Start)));
    }

    private async Task<IEnumerable<RevenueScheduleId>> DueAsync(Instant now) => (await _store.DueAsync(now, 1_000, default)).Select(schedule => schedule.Id);

    private static RevenueSchedule Schedule() => new()
    {
        Id = EntityId.New<RevenueScheduleId>(), Tenant = EntityId.New<TenantId>(), Customer = EntityId.New<CustomerId>(), Invoice = EntityId.New<InvoiceId>(), Line = EntityId.New<InvoiceLineId>(),
        Amount = Money.Round(10, Currency.Parse("USD")), Released = Money.Zero(Currency.Parse("USD")), Period = new Interval(Start, Start + Duration.FromDays(2)), CreatedAt = Start,
    };
}
