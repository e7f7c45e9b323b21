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
    public void A_rule_that_begins_later_is_looked_at_as_it_begins()
    {
        var (begins, ends) = (Now + Duration.FromDays(2), Now + Duration.FromDays(9));
        var grant = Grant(100, expires: ends) with { AsOf = Now, Period = new GrantPeriod(begins, ends), TopUp = new AutoTopUp(Dollars(10), Target: Dollars(20)) };

        (grant.NextChangeAt, (grant with { TopUp = null }).NextChangeAt).ShouldBe((begins, ends));
        var begun = grant.AdvancedTo(begins);
        (begun.NextChangeAt, begun.Balance, begun.EntryCount).ShouldBe((ends, Dollars(100), grant.EntryCount));
        (grant.Void(Now + Duration.FromDays(1)).NextChangeAt, grant.AdvancedTo(ends).NextChangeAt).ShouldBe((begins, null));
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

        grant.Return(Dollars(4), invoice, Now - Duration.Epsilon, []).Balance.Amount.ShouldBe(10m);
        grant.Return(Dollars(4), invoice, Now, []).ShouldSatisfyAllConditions(
            ended => ended.Balance.IsZero.ShouldBeTrue(), ended => ended.Entries.Sum(entry => entry.Amount.Amount).ShouldBe(0m), ended => ended.Entries[^1].Amount.Amount.ShouldBe(-4m));
    }

    [Fact]
    public void What_comes_back_after_refills_is_no_more_than_they_would_have_carried_over()
    {
        // January has 50 of 100 left, of which February keeps 30: had nothing been used, it were 30 as well.
        var (first, second, third) = (EntityId.New<InvoiceId>(), EntityId.New<InvoiceId>(), EntityId.New<InvoiceId>());
        var (january, february, march) = (Instant.FromUtc(2026, 1, 20, 0, 0), Instant.FromUtc(2026, 2, 20, 0, 0), Instant.FromUtc(2026, 3, 20, 0, 0));
        var half = (Grant(100) with { Recurrence = Monthly }).Use(Dollars(50), first, january);
        Returned(half, february, (first, 50)).ShouldBe([130m]);

        // January has 5 left, which February keeps; of 95 that come back it had kept 25. In February all 105 are used, so that March keeps nothing: it had kept those 25, and 5 of the 105.
        var spent = (Grant(100) with { Recurrence = Monthly }).Use(Dollars(60), first, january).Use(Dollars(35), second, january).AdvancedTo(february);
        Returned(spent, february, (first, 60), (second, 35)).ShouldBe([130m, 130m]);
        Returned(spent.Use(Dollars(105), third, february), march, (third, 105)).ShouldBe([130m]);
        Returned(spent.Use(Dollars(105), third, february), march, (second, 35), (first, 60), (third, 105)).ShouldBe([125m, 125m, 130m]);

        // What is used and comes back in one month comes back whole.
        Returned(spent.Use(Dollars(40), third, february), february, (third, 40)).ShouldBe([105m]);
    }

    private static decimal[] Returned(CreditGrant grant, Instant at, params (InvoiceId Invoice, decimal Amount)[] uses) => [.. uses.Select(use =>
    {
        grant = grant.Return(Dollars(use.Amount), use.Invoice, at, []);
        return grant.Balance.Amount;
    })];
}
