using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>What every <see cref="IReservationStore"/> must do.</summary>
public abstract class ReservationStoreConformance(StoreFixture fixture)
{
    private static readonly Duration Lifetime = Duration.FromMinutes(5);
    private readonly IReservationStore _store = fixture.Get<IReservationStore>();
    private readonly IReservationStore _other = fixture.GetFromAnotherNode<IReservationStore>();
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly QuotaKey _quota = new(EntityId.New<CustomerId>(), "fea_x", Instant.FromUtc(2026, 1, 1, 0, 0));

    /// <summary>What is set aside is gone until it is given back; what is committed stays.</summary>
    [Fact]
    public async Task Quantities_are_set_aside_committed_and_given_back()
    {
        var (first, second) = (Wanted(6), Wanted(4.5m));
        Assert.Equal(new QuotaCount(0, 6), (await ReserveAsync(first)).Count);
        var denied = await ReserveAsync(second);
        Assert.Null(denied.Reservation);
        Assert.Equal(new QuotaCount(0, 6), denied.Count);
        Assert.Equal(SettleResult.Settled, (await _other.SettleAsync(_tenant, first.Id, 5.5m, default)).Result);
        Assert.Equal(new QuotaCount(5.5m, 4.5m), (await ReserveAsync(second)).Count);
        Assert.Equal(ReservationState.Released, (await _store.SettleAsync(_tenant, second.Id, null, default)).Reservation!.State);
        Assert.Equal(new QuotaCount(5.5m, 0), (await _other.CountAsync(_tenant, _quota, default)));
        var found = await _store.FindAsync(_tenant, first.Id, default);
        Assert.Equal(5.5m, found!.Actual);
        Assert.Equal(ReservationState.Committed, found.State);
    }

    /// <summary>Repeating a call changes nothing, and another end than the first is refused.</summary>
    [Fact]
    public async Task Repeats_change_nothing()
    {
        var wanted = Wanted(3);
        await ReserveAsync(wanted);
        Assert.Equal(new QuotaCount(0, 3), (await ReserveAsync(wanted)).Count);
        Assert.Equal(SettleResult.Settled, (await _store.SettleAsync(_tenant, wanted.Id, 2, default)).Result);
        Assert.Equal(SettleResult.Settled, (await _store.SettleAsync(_tenant, wanted.Id, 2, default)).Result);
        Assert.Equal(SettleResult.EndedOtherwise, (await _store.SettleAsync(_tenant, wanted.Id, 3, default)).Result);
        Assert.Equal(SettleResult.EndedOtherwise, (await _store.SettleAsync(_tenant, wanted.Id, null, default)).Result);
        Assert.Equal(ReservationState.Committed, (await ReserveAsync(wanted)).Reservation!.State);
        Assert.Equal(new QuotaCount(2, 0), (await _store.CountAsync(_tenant, _quota, default)));
        Assert.Equal(SettleResult.Unknown, (await _store.SettleAsync(_tenant, EntityId.New<ReservationId>(), 1, default)).Result);
        Assert.Equal(SettleResult.Unknown, (await _store.SettleAsync(EntityId.New<TenantId>(), wanted.Id, 2, default)).Result);
    }

    /// <summary>What is asked for again in a later window, or beside another quota, is the reservation that there is, and takes nothing there.</summary>
    [Fact]
    public async Task A_repeat_in_another_window_is_the_same_reservation()
    {
        var wanted = Wanted(3);
        await ReserveAsync(wanted);
        var later = wanted with { Quota = _quota with { Start = _quota.Start + Duration.FromHours(1) }, Also = new QuotaShare(Of("also").Subject, 10) };
        Assert.Equal(_quota, (await ReserveAsync(later)).Reservation!.Quota);
        Assert.Equal(new QuotaCount(0, 3), await _store.CountAsync(_tenant, _quota, default));
        Assert.Equal(default, await _store.CountAsync(_tenant, later.Quota, default));
        Assert.Equal(default, await _store.CountAsync(_tenant, Of("also"), default));
    }

    /// <summary>More than was set aside is committed only where there is room.</summary>
    [Fact]
    public async Task More_than_was_set_aside_needs_room()
    {
        var (first, second) = (Wanted(4), Wanted(4));
        await ReserveAsync(first);
        await ReserveAsync(second);
        Assert.Equal(SettleResult.OverLimit, (await _store.SettleAsync(_tenant, first.Id, 6.1m, default)).Result);
        Assert.Equal(SettleResult.Settled, (await _store.SettleAsync(_tenant, first.Id, 6, default)).Result);
        Assert.Equal(new QuotaCount(6, 4), (await _store.CountAsync(_tenant, _quota, default)));
    }

    /// <summary>What the meter says counts where it is more than what was committed, and not beside it.</summary>
    [Fact]
    public async Task What_is_metered_and_what_is_committed_count_once()
    {
        Assert.Null((await _store.ReserveAsync(_tenant, Wanted(2), 9, Lifetime, default)).Reservation);
        var wanted = Wanted(2);
        Assert.Equal(new QuotaCount(8, 2), (await _store.ReserveAsync(_tenant, wanted, 8, Lifetime, default)).Count);
        await _store.SettleAsync(_tenant, wanted.Id, 2, default);
        Assert.Equal(new QuotaCount(10, 0), (await _store.ReserveAsync(_tenant, Wanted(0), 10, Lifetime, default)).Count);
    }

    /// <summary>What expired is given back without anybody asking, and counts after that only where there is room.</summary>
    [Fact]
    public async Task What_expired_is_given_back()
    {
        var (first, second, third) = (Wanted(10), Wanted(8), Wanted(1));
        Assert.NotNull((await _store.ReserveAsync(_tenant, first, 0, Duration.Zero, default)).Reservation);
        Assert.Equal(ReservationState.Expired, (await _store.FindAsync(_tenant, first.Id, default))!.State);
        Assert.Equal(default(QuotaCount), (await _other.CountAsync(_tenant, _quota, default)));
        Assert.Equal(new QuotaCount(0, 8), (await ReserveAsync(second)).Count);
        Assert.Equal(SettleResult.OverLimit, (await _store.SettleAsync(_tenant, first.Id, 3, default)).Result);
        Assert.Equal(SettleResult.Settled, (await _store.SettleAsync(_tenant, first.Id, 2, default)).Result);
        Assert.Equal(new QuotaCount(2, 8), (await _store.CountAsync(_tenant, _quota, default)));
        await _store.SettleAsync(_tenant, second.Id, null, default);
        await _store.ReserveAsync(_tenant, third, 0, Duration.Zero, default);
        Assert.Equal(new QuotaCount(2, 8), (await ReserveAsync(Wanted(8))).Count);
        await _store.ReserveAsync(_tenant, Wanted(0), 0, Duration.Zero, default);
        while (await _store.ExpireAsync(100, default) == 100)
        {
        }

        Assert.Equal(new QuotaCount(2, 8), (await _store.CountAsync(_tenant, _quota, default)));
    }

    /// <summary>What counts in two quotas needs room in both, and is used, given back and expires in both.</summary>
    [Fact]
    public async Task Two_quotas_hold_at_once()
    {
        var (first, second) = (Part("a", 4, limit: 6), Part("b", 4, limit: 4));
        Assert.Equal((true, new QuotaCount(0, 4), new QuotaCount(0, 4)), await ReserveBothAsync(first));
        Assert.Equal((false, new QuotaCount(0, 4), new QuotaCount(0, 4)), await ReserveBothAsync(Part("a", 2.5m, limit: 6)));
        Assert.Equal((true, new QuotaCount(0, 8), new QuotaCount(0, 4)), await ReserveBothAsync(second));
        Assert.Equal((false, new QuotaCount(0, 8), new QuotaCount(3, 4)), await ReserveBothAsync(Part("a", 1, limit: 7.5m), new MeteredUse(0, 3)));
        Assert.Equal((false, new QuotaCount(0, 8), default), await ReserveBothAsync(Part("c", 2.5m, limit: 100)));
        Assert.Equal(SettleResult.OverLimit, (await _other.SettleAsync(_tenant, second.Id, 4.5m, default)).Result);
        Assert.Equal(SettleResult.Settled, (await _other.SettleAsync(_tenant, second.Id, 1.5m, default)).Result);
        Assert.Equal(new QuotaCount(1.5m, 4), await _store.CountAsync(_tenant, _quota, default));
        Assert.Equal(new QuotaCount(1.5m, 0), await _store.CountAsync(_tenant, Of("b"), default));
        Assert.Equal(new QuotaShare(Of("b").Subject, 4), (await _store.FindAsync(_tenant, second.Id, default))!.Also);
        Assert.Equal(SettleResult.Settled, (await _store.SettleAsync(_tenant, first.Id, null, default)).Result);
        Assert.Equal(default, await _store.CountAsync(_tenant, Of("a"), default));

        await _store.ReserveAsync(_tenant, Part("a", 5, limit: 6), 0, Duration.Zero, default);
        Assert.Equal((true, new QuotaCount(1.5m, 8.5m), new QuotaCount(0, 8.5m)), await ReserveBothAsync(Part("d", 8.5m, limit: null)));
        Assert.Equal(default, await _other.CountAsync(_tenant, Of("a"), default));
    }

    /// <summary>Many callers on two nodes never set aside more than the limit, and all of it where they may.</summary>
    [Fact]
    public async Task Many_callers_share_a_limit_to_the_last_unit()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            var (store, used) = (caller % 2 == 0 ? _store : _other, 0m);
            for (var i = 0; i < 4; i++)
            {
                var wanted = Wanted(0.3m, 25);
                if ((await store.ReserveAsync(_tenant, wanted, 0, Lifetime, default)).Reservation is not null)
                {
                    used += i == 1 ? 0 : 0.3m;
                    Assert.Equal(SettleResult.Settled, (await store.SettleAsync(_tenant, wanted.Id, i == 1 ? null : 0.3m, default)).Result);
                }
            }

            return used;
        })));
        var count = await _store.CountAsync(_tenant, _quota, default);
        Assert.Equal(new QuotaCount(outcomes.Sum(), 0), count);
        Assert.Equal(24.9m, count.Used);
    }

    private async Task<(bool Allowed, QuotaCount Count, QuotaCount Also)> ReserveBothAsync(Reservation wanted, MeteredUse metered = default)
    {
        var outcome = await _other.ReserveAsync(_tenant, wanted, metered, Lifetime, default);
        return (outcome.Reservation is not null, outcome.Count, outcome.Also);
    }

    private QuotaKey Of(string part) => _quota with { Subject = $"{_quota.Subject}/{part}" };

    private Reservation Part(string part, decimal quantity, decimal? limit) => Wanted(quantity) with { Also = new QuotaShare(Of(part).Subject, limit) };

    private Task<ReserveOutcome> ReserveAsync(Reservation wanted) => _store.ReserveAsync(_tenant, wanted, 0, Lifetime, default);

    private Reservation Wanted(decimal quantity, decimal limit = 10) => new() { Id = EntityId.New<ReservationId>(), Quota = _quota, Quantity = quantity, Limit = limit };
}
