using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;
using static BillApis.Unit.Tests.Invoicing.Life.PlanChangeTests;

namespace BillApis.Unit.Tests.Invoicing.Life;

public sealed class LifeTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();

    [Fact]
    public void Seats_that_change_in_a_period_are_given_back_and_charged_for_the_rest()
    {
        var life = Running(Seats(BillingTiming.InAdvance)).Change(At(2026, 6, 16), Quantity(5));

        Lines(life.Invoices[1]).ShouldBe([(LineKind.Seat, 10m), (LineKind.UnusedTime, -6m)]);
        life.Change(At(2026, 6, 26), Quantity(2));
        Lines(life.Invoices[2]).ShouldBe([(LineKind.Seat, 1.33m), (LineKind.UnusedTime, -3.33m)]);
        life.BillUntil(At(2026, 7, 1)).Invoices[3].Total.Amount.ShouldBe(8m);
    }

    [Fact]
    public void Seats_in_arrears_are_charged_pro_rata_at_the_periods_end()
    {
        var life = Running(Seats(BillingTiming.InArrears)).Change(At(2026, 6, 16), Quantity(5)).BillUntil(At(2026, 7, 1));

        Lines(life.Invoices.ShouldHaveSingleItem()).ShouldBe([(LineKind.Seat, 6m), (LineKind.Seat, 10m)]);
    }

    [Fact]
    public void A_price_that_is_not_prorated_changes_with_the_next_period()
    {
        var life = Running(Seats(BillingTiming.InAdvance, Proration.None)).Change(At(2026, 6, 16), Quantity(5)).BillUntil(At(2026, 7, 1));

        life.Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([12m, 20m]);
    }

    [Fact]
    public void Canceling_at_once_gives_back_the_rest_and_bills_the_usage_so_far()
    {
        var plan = Plan(Item("fee", new FlatPrice(30m), BillingTiming.InAdvance, Month), Item("calls", new PerUnitPrice(2m), BillingTiming.InArrears, Month, Calls));
        var life = new PaperSubscription(plan, From(At(2026, 6, 1))) { Usage = (_, period) => period.End == At(2026, 6, 11) ? 7 : 0 };

        life.Change(At(2026, 6, 11), new Cancel { When = ChangeWhen.Immediate });

        Lines(life.Invoices[^1]).ShouldBe([(LineKind.Usage, 14m), (LineKind.UnusedTime, -20m)]);
        life.State.StatusAt(At(2026, 6, 11)).ShouldBe(SubscriptionStatus.Canceled);
        life.State.IsOver.ShouldBeTrue();
        Should.Throw<BillingException>(() => life.Change(At(2026, 6, 12), new Pause())).Message.ShouldContain("is canceled and cannot be paused; that is possible while it is active, past_due");
    }

    [Fact]
    public void Reactivated_in_the_same_period_it_pays_for_the_rest_only_and_the_gap_is_free()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 11), new Cancel { When = ChangeWhen.Immediate }).Change(At(2026, 6, 21), new Reactivate());

        life.Net.ShouldBe(30m - 20m + 10m);
        life.BillUntil(At(2026, 7, 1)).Net.ShouldBe(50m, "the periods are those that it had");

        var kept = Running(Fee(30)).Change(At(2026, 6, 11), new Cancel { When = ChangeWhen.Immediate, Proration = ChangeProration.None }).Change(At(2026, 6, 21), new Reactivate());
        kept.Net.ShouldBe(30m, "nothing was given back, so that nothing is charged again");
    }

    [Fact]
    public void An_end_that_is_ahead_cuts_the_period_and_taking_it_back_charges_the_rest()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 20), new Cancel { At = At(2026, 7, 11) }).BillUntil(At(2026, 7, 1));
        life.Invoices[1].Total.Amount.ShouldBe(9.68m, "10 of 31 days");

        life.Change(At(2026, 7, 5), new Reactivate());
        life.Invoices[2].Lines.ShouldHaveSingleItem().Period.ShouldBe(new Interval(At(2026, 7, 11), At(2026, 8, 1)));
        life.Net.ShouldBe(60m);
        life.BillUntil(At(2026, 8, 1)).Net.ShouldBe(90m);
    }

    [Fact]
    public void A_pause_over_a_periods_end_charges_nothing_and_ends_by_itself()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 16), new Pause { ResumeAt = At(2026, 7, 17) });
        life.Net.ShouldBe(15m);
        life.State.StatusAt(At(2026, 7, 1)).ShouldBe(SubscriptionStatus.Paused);

        life.BillUntil(At(2026, 7, 31));
        life.Invoices[^1].Lines.ShouldHaveSingleItem().Period.ShouldBe(new Interval(At(2026, 7, 17), At(2026, 8, 1)));
        life.Net.ShouldBe(15m + 14.52m, "15 of 31 days");
    }

    [Fact]
    public void What_a_pause_did_not_give_back_is_not_charged_again_as_it_ends_by_itself()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 11), new Pause { ResumeAt = At(2026, 6, 21), Proration = ChangeProration.None }).BillUntil(At(2026, 6, 30));

        life.Net.ShouldBe(30m);
    }

    [Fact]
    public void A_term_that_is_shortened_gives_back_what_is_beyond_its_new_end()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 11), new Renew(At(2026, 6, 21))).BillUntil(At(2026, 8, 1));

        life.Invoices.Select(invoice => (invoice.CreatedAt, invoice.Total.Amount)).ShouldBe([(At(2026, 6, 1), 30m), (At(2026, 6, 21), -10m)]);
        life.State.StatusAt(At(2026, 6, 21)).ShouldBe(SubscriptionStatus.Expired);
        Should.Throw<BillingException>(() => life.Change(At(2026, 8, 2), new Renew(At(2026, 9, 1)))).Message
            .ShouldContain("is expired and cannot be renewed (after its end, reactivate lets it go on, and takes an end_at too); that is possible while it is pending, trialing");
        life.Change(At(2026, 8, 2), new Reactivate { EndAt = At(2026, 9, 1) }).State.StatusAt(At(2026, 8, 2)).ShouldBe(SubscriptionStatus.Active);
    }

    [Fact]
    public void Usage_in_a_pause_is_not_charged()
    {
        var plan = Plan(Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls));
        var life = new PaperSubscription(plan, From(At(2026, 6, 1))) { Usage = (_, period) => (decimal)(period.Duration.BclCompatibleTicks / NodaConstants.TicksPerDay) };

        life.Change(At(2026, 6, 6), new Pause()).Change(At(2026, 6, 26), new Resume()).BillUntil(At(2026, 7, 1));

        life.Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([5m, 5m]);
    }

    [Fact]
    public void Neither_a_pause_nor_an_end_is_over_before_it_begins()
    {
        var plan = Plan(Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls));
        var (paused, ended) = (new PaperSubscription(plan, From(At(2026, 6, 1))), new PaperSubscription(plan, From(At(2026, 6, 1))));
        paused.Record(At(2026, 6, 6), new Pause());
        ended.Change(At(2026, 6, 2), new Cancel()).Change(At(2026, 6, 6), new Pause());

        Should.Throw<BillingException>(() => paused.Record(At(2026, 6, 9), new Resume { At = At(2026, 6, 5) })).Message.ShouldContain("must not be before 2026-06-06T00:00:00Z, since when the subscription is paused");
        Should.Throw<BillingException>(() => ended.Change(At(2026, 7, 9), new Reactivate { At = At(2026, 6, 20) })).Message.ShouldContain("must not be before 2026-07-01T00:00:00Z, since when the subscription is canceled");
        paused.Record(At(2026, 6, 9), new Resume { At = At(2026, 6, 6) }).State.StatusAt(At(2026, 6, 6)).ShouldBe(SubscriptionStatus.Active);
        Should.Throw<BillingException>(() => ended.Change(At(2026, 7, 9), new Reactivate { At = At(2026, 8, 1), EndAt = At(2026, 7, 20) })).Message.ShouldContain("must be after 2026-08-01T00:00:00Z");
        ended.Change(At(2026, 7, 9), new Reactivate { At = At(2026, 7, 1) }).State.StatusAt(At(2026, 7, 1)).ShouldBe(SubscriptionStatus.Active);
    }

    [Fact]
    public void Causes_of_a_suspension_come_and_go_by_themselves_and_nothing_is_billed_differently()
    {
        var life = Running(Fee(30)).Change(At(2026, 6, 5), new Suspend(SuspensionCause.Dunning)).Change(At(2026, 6, 6), new Suspend(SuspensionCause.SpendLimit)).Change(At(2026, 6, 6), new Suspend(SuspensionCause.SpendLimit));
        life.State.Timeline.Entries.Length.ShouldBe(2);

        life.Change(At(2026, 6, 7), new Reinstate(SuspensionCause.Dunning)).State.StatusAt(At(2026, 6, 7)).ShouldBe(SubscriptionStatus.Suspended);
        life.Change(At(2026, 6, 8), new Resume()).State.StatusAt(At(2026, 6, 8)).ShouldBe(SubscriptionStatus.Active);
        life.State.StatusAt(At(2026, 6, 5)).ShouldBe(SubscriptionStatus.Suspended, "the state follows from the entries");
        life.BillUntil(At(2026, 7, 1)).Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([30m, 30m]);
    }

    [Fact]
    public void An_add_on_has_its_own_cycle_or_the_subscriptions()
    {
        var price = new Price { Code = "support", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(10m), Timing = BillingTiming.InAdvance, Interval = Month } };
        var own = Running(Fee(30)).Change(At(2026, 6, 16), new AddAddOn("support"), addOn: price);
        own.BillUntil(At(2026, 7, 16)).Invoices.Select(invoice => (invoice.CreatedAt, invoice.Total.Amount)).ShouldBe([(At(2026, 6, 1), 30m), (At(2026, 6, 16), 10m), (At(2026, 7, 1), 30m), (At(2026, 7, 16), 10m)]);

        var aligned = Running(Fee(30)).Change(At(2026, 6, 16), new AddAddOn("support", 1, OwnCycle: false), addOn: price);
        aligned.BillUntil(At(2026, 7, 1)).Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([30m, 5m, 40m]);
        aligned.Change(At(2026, 7, 1), new RemoveAddOn("support")).Invoices[^1].Total.Amount.ShouldBe(-10m);
        aligned.BillUntil(At(2026, 8, 1)).Invoices[^1].Total.Amount.ShouldBe(30m);
    }

    [Fact]
    public void Terms_of_one_subscription_ramp_up_by_date()
    {
        TimelineEntry To(decimal amount, Instant at) => new(0, TimelineKind.PricesChanged, at, At(2026, 6, 1))
        {
            Prices = ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("fee", new PriceTerms { Currency = Usd, Model = new FlatPrice(amount), Timing = BillingTiming.InAdvance, Interval = Month }),
        };
        var life = new PaperSubscription(Fee(30), From(At(2026, 6, 1)).Add(To(20, At(2026, 7, 1))).Add(To(25, At(2026, 8, 1))));

        life.BillUntil(At(2026, 8, 31)).Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([30m, 20m, 25m]);
    }

    [Fact]
    public void A_term_is_renewed_and_expires_at_its_end()
    {
        var life = new PaperSubscription(Fee(30), From(At(2026, 6, 1), end: At(2026, 6, 16))).BillUntil(At(2026, 6, 1));
        life.Net.ShouldBe(15m);

        life.Change(At(2026, 6, 10), new Renew(At(2026, 7, 1)));
        life.Net.ShouldBe(30m);
        life.BillUntil(At(2026, 8, 1)).Net.ShouldBe(30m);
        life.State.StatusAt(At(2026, 7, 1)).ShouldBe(SubscriptionStatus.Expired);
        life.Change(At(2026, 8, 1), new Reactivate()).BillUntil(At(2026, 8, 1)).Net.ShouldBe(60m);
    }

    [Fact]
    public void Credit_memos_and_withdrawn_invoices_leave_nothing_to_give_back_twice()
    {
        var life = Running(Fee(30));
        var line = life.Invoices[0].Lines[0];
        var memo = new CreditMemo
        {
            Id = EntityId.New<CreditMemoId>(), Tenant = TenantId.Default, Customer = life.State.Customer, Invoice = life.Invoices[0].Id, Currency = Usd, Reason = "", Applied = Money.Zero(Usd), IssuedAt = At(2026, 6, 2), CreatedAt = At(2026, 6, 2),
            Lines = [new CreditMemoLine(line.Id, "", Money.Of(25m, Usd), Money.Zero(Usd), true)],
        };

        AdvancedLine.Of(life.Invoices, [memo], At(2026, 6, 16)).ShouldHaveSingleItem().Left.Amount.ShouldBe(5m);
        AdvancedLine.Of(life.Invoices, [memo with { Status = CreditMemoStatus.Canceled }], At(2026, 6, 16)).ShouldHaveSingleItem().Left.Amount.ShouldBe(30m);
        AdvancedLine.Of([life.Invoices[0] with { Status = InvoiceStatus.Canceled }], [], At(2026, 6, 16)).ShouldHaveSingleItem().Left.Amount.ShouldBe(0m);
        new UnusedTime(AdvancedLine.Of(life.Invoices, [memo], At(2026, 6, 16))[0], new Interval(At(2026, 6, 16), At(2026, 7, 1)), new ProrationFactor(1, 2), 30m, new ProrationFactor(1, 2)).ToLine()!.Amount.Amount.ShouldBe(-5m);
    }

    private static PlanVersion Seats(BillingTiming timing, Proration proration = Proration.BySecond) =>
        Plan(Item("seats", new PerUnitPrice(4m), timing, Month, quantity: 3, with: terms => terms with { Proration = proration }));

    private static ChangeQuantities Quantity(decimal seats) => new(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", seats));

    private static PaperSubscription Running(PlanVersion plan) => new PaperSubscription(plan, From(At(2026, 6, 1))).BillUntil(At(2026, 6, 1));
}
