using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class CreditGrantTests
{
    private static readonly GrantRecurrence Monthly = new(new BillingInterval(IntervalUnit.Month, 1), Dollars(30));

    [Fact]
    public void A_recurring_grant_is_filled_up_and_carries_over_at_most_its_rollover()
    {
        var grant = Grant(100) with { Recurrence = Monthly };

        var march = grant.AdvancedTo(Instant.FromUtc(2026, 3, 1, 0, 0));

        // In February 100 + 30 of the 100 that were left, in March 100 + 30 of the 130.
        march.Entries.Select(entry => (entry.Kind, entry.Amount.Amount, entry.Balance.Amount)).ShouldBe([
            (CreditEntryKind.Granted, 100m, 100m), (CreditEntryKind.Expired, -70m, 30m), (CreditEntryKind.Refilled, 100m, 130m),
            (CreditEntryKind.Expired, -100m, 30m), (CreditEntryKind.Refilled, 100m, 130m)]);
        march.NextChangeAt.ShouldBe(Instant.FromUtc(2026, 4, 1, 0, 0));
        march.AdvancedTo(Instant.FromUtc(2026, 3, 31, 0, 0)).ShouldBe(march);
    }

    [Fact]
    public void What_is_left_at_the_end_expires_once()
    {
        var grant = Grant(100, expires: Now).Use(Dollars(40), EntityId.New<InvoiceId>(), Now - Duration.Epsilon);

        var ended = grant.AdvancedTo(Now);

        (ended.Balance.IsZero, ended.NextChangeAt).ShouldBe((true, null));
        ended.Entries[^1].ShouldSatisfyAllConditions(entry => entry.Kind.ShouldBe(CreditEntryKind.Expired), entry => entry.Amount.Amount.ShouldBe(-60m), entry => entry.Number.ShouldBe(2));
        ended.AdvancedTo(Now + Duration.FromDays(99)).ShouldBe(ended);
    }

    [Fact]
    public void Voiding_takes_what_is_left_and_only_once()
    {
        var grant = Grant(100).Void(Now);

        (grant.Balance.IsZero, grant.Period.IsActiveAt(Now), grant.Entries[^1].Kind).ShouldBe((true, false, CreditEntryKind.Voided));
        Should.Throw<BillingException>(() => grant.Void(Now)).Code.ShouldBe(BillingErrorCode.Conflict);
        Should.Throw<BillingException>(() => Grant(1, expires: Now).Void(Now)).Message.ShouldContain("expired");
    }

    [Fact]
    public void No_more_is_taken_than_is_left()
    {
        var grant = Grant(10);

        Should.Throw<InvalidOperationException>(() => grant.Use(Dollars(10.01m), EntityId.New<InvoiceId>(), Now));
        Should.Throw<InvalidOperationException>(() => grant.Use(Dollars(-1), EntityId.New<InvoiceId>(), Now));
        Should.Throw<InvalidOperationException>(() => grant.Void(Now).Use(Dollars(0), EntityId.New<InvoiceId>(), Now));
    }

    [Fact]
    public void What_comes_back_after_the_end_expires_at_once()
    {
        var invoice = EntityId.New<InvoiceId>();
        var grant = Grant(10, expires: Now).Use(Dollars(4), invoice, Now - Duration.Epsilon);

        grant.Return(Dollars(4), invoice, Now - Duration.Epsilon).Balance.Amount.ShouldBe(10m);
        grant.Return(Dollars(4), invoice, Now).ShouldSatisfyAllConditions(
            ended => ended.Balance.IsZero.ShouldBeTrue(), ended => ended.Entries.Sum(entry => entry.Amount.Amount).ShouldBe(0m), ended => ended.Entries[^1].Amount.Amount.ShouldBe(-4m));
    }
}
