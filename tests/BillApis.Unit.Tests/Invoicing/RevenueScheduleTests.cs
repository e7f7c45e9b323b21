using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class RevenueScheduleTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 4, 1, 0, 0);

    // 100.00 over 30 days: 3.33 each, and a cent more on the first ten.
    [Fact]
    public void Each_day_earns_its_share_and_the_shares_add_up()
    {
        var days = Schedule(100, 30).Days();
        days.Length.ShouldBe(30);
        days.Take(10).ShouldAllBe(day => day.Amount.Amount == 3.34m);
        days.Skip(10).ShouldAllBe(day => day.Amount.Amount == 3.33m);
        days.Sum(day => day.Amount.Amount).ShouldBe(100);
        Schedule(100, 30).EarnedBy(Start + Duration.FromDays(12) + Duration.FromHours(23)).Amount.ShouldBe(40.06m);
    }

    // From 18:00 to 06:00 over a day: a quarter day, a day, a quarter day of 3.00.
    [Fact]
    public void The_first_and_last_day_count_for_their_part()
    {
        var schedule = Schedule(3, 1) with { Period = new Interval(Start + Duration.FromHours(18), Start + Duration.FromHours(54)) };
        schedule.Days().Select(day => day.Amount.Amount).ShouldBe([0.50m, 2m, 0.50m]);
    }

    [Fact]
    public void What_is_posted_is_what_is_over_however_often_it_is_looked_at()
    {
        var (schedule, moves) = Schedule(100, 30).ReleaseUntil(Start + Duration.FromDays(2));
        moves.Select(move => (move.Amount.Amount, move.At)).ShouldBe([(3.34m, Start + Duration.FromDays(1)), (3.34m, Start + Duration.FromDays(2))]);
        schedule.ReleaseUntil(Start + Duration.FromDays(2)).Moves.ShouldBeEmpty();
        RevenueRelease.PostingOf(schedule, [.. moves, new RevenueMove(-moves[0].Amount, Start)]).Select(transfer => (transfer.Amount, transfer.Debit.Code, transfer.Credit.Code)).ShouldBe([
            (334, "deferred_revenue/USD/2", "revenue/USD/2"), (334, "deferred_revenue/USD/2", "revenue/USD/2"), (334, "revenue/USD/2", "deferred_revenue/USD/2")]);
        schedule.NextAt.ShouldBe(Start + Duration.FromDays(3));
        var whole = schedule.ReleaseUntil(Start + Duration.FromDays(90)).Schedule;
        (whole.Released.Amount, whole.NextAt).ShouldBe((100m, null));
    }

    // 40.00 of 100.00 are taken back after ten days: those earned 33.40 and come to 20.00.
    [Fact]
    public void What_is_taken_back_corrects_what_was_earned_and_what_will_be()
    {
        var memo = EntityId.New<CreditMemoId>();
        var schedule = Schedule(100, 30).ReleaseUntil(Start + Duration.FromDays(10)).Schedule.WithCredit(memo, Money.Round(40, Usd)).WithCredit(memo, Money.Round(40, Usd));
        schedule.NextAt.ShouldBe(Instant.FromUnixTimeSeconds(0));
        var (after, moves) = schedule.ReleaseUntil(Start + Duration.FromDays(11));
        moves.Select(move => move.Amount.Amount).ShouldBe([-13.40m, 2m]);
        after.Released.Amount.ShouldBe(22m);
        after.WithCredit(memo, null).ReleaseUntil(Start + Duration.FromDays(11)).Schedule.Released.Amount.ShouldBe(36.73m);
        (after with { IsCanceled = true }).ReleaseUntil(Start + Duration.FromDays(40)).Schedule.Released.IsZero.ShouldBeTrue();
    }

    [Fact]
    public void What_has_no_period_is_earned_at_once() =>
        (Schedule(7, 1) with { Period = new Interval(Start, Start) }).ReleaseUntil(Start).Schedule.Released.Amount.ShouldBe(7);

    private static RevenueSchedule Schedule(decimal amount, int days) => new()
    {
        Id = EntityId.New<RevenueScheduleId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Invoice = EntityId.New<InvoiceId>(), Line = EntityId.New<InvoiceLineId>(),
        Amount = Money.Round(amount, Usd), Released = Money.Zero(Usd), Period = new Interval(Start, Start + Duration.FromDays(days)), CreatedAt = Start,
    };
}
