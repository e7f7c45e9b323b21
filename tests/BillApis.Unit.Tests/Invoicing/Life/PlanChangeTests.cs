using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing.Life;

public sealed class PlanChangeTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();
    private static readonly PlanVersion Basic = Fee(10);
    private static readonly PlanVersion Pro = Fee(30);

    [Fact]
    public void An_upgrade_halfway_gives_back_half_of_the_old_price_and_charges_half_of_the_new()
    {
        var life = Running(Basic).Change(At(2026, 6, 16), new ChangePlan("pro"), Pro);

        Lines(life.Invoices[1]).ShouldBe([(LineKind.Flat, 15m), (LineKind.UnusedTime, -5m)]);
        life.Invoices[1].Lines[1].GivesBack.ShouldBe(life.Invoices[0].Lines[0].Id);
        life.Invoices[1].Lines.ShouldAllBe(line => line.Period == new Interval(At(2026, 6, 16), At(2026, 7, 1)) && line.InAdvance);
        life.BillUntil(At(2026, 7, 1)).Invoices[2].Total.Amount.ShouldBe(30m);
        life.State.PlanAt(At(2026, 6, 15)).ShouldNotBe(life.State.PlanAt(At(2026, 6, 16)));
    }

    [Fact]
    public void By_days_the_day_of_the_change_belongs_to_the_new_plan()
    {
        // Lago's multiple upgrade: 20 of 31 days are left on 12 March.
        var life = new PaperSubscription(Fee(10, Proration.ByDay), From(At(2024, 3, 1))).Change(At(2024, 3, 12, 17), new ChangePlan("pro"), Fee(15, Proration.ByDay));

        Lines(life.Invoices[1]).ShouldBe([(LineKind.Flat, 9.68m), (LineKind.UnusedTime, -6.45m)]);
    }

    [Theory]
    [InlineData(ChangeProration.None, "")]
    [InlineData(ChangeProration.Full, "Flat 30, UnusedTime -10")]
    public void What_of_the_running_period_is_billed_anew_follows_from_the_rule(ChangeProration proration, string lines)
    {
        var life = Running(Basic).Change(At(2026, 6, 16), new ChangePlan("pro") { Proration = proration }, Pro);

        string.Join(", ", life.Invoices.Skip(1).SelectMany(Lines).Select(line => $"{line.Kind} {line.Amount:0}")).ShouldBe(lines);
        life.BillUntil(At(2026, 7, 1)).Invoices[^1].Total.Amount.ShouldBe(30m);
    }

    [Fact]
    public void A_downgrade_waits_for_the_periods_end_and_can_be_withdrawn_until_then()
    {
        var rule = new PlanTransition(EntityId.New<PlanId>(), ChangeWhen.PeriodEnd, ChangeProration.Prorate);
        var life = Running(Pro).Change(At(2026, 6, 10), new ChangePlan("basic"), Basic, null, rule);
        life.Invoices.Count.ShouldBe(1);

        Should.Throw<BillingException>(() => life.Change(At(2026, 6, 11), new ChangePlan("basic") { When = ChangeWhen.Immediate }, Basic, null, rule)).Message.ShouldContain("when period_end");
        life.Change(At(2026, 6, 12), new Withdraw(0)).BillUntil(At(2026, 7, 1)).Invoices[^1].Total.Amount.ShouldBe(30m);
        Should.Throw<BillingException>(() => life.Change(At(2026, 7, 2), new Withdraw(0))).Message.ShouldContain("nothing is scheduled");
        life.Change(At(2026, 7, 3), new ChangePlan("basic"), Basic, null, rule).BillUntil(At(2026, 8, 1)).Invoices[^1].Total.Amount.ShouldBe(10m);
    }

    [Fact]
    public void Plans_of_another_family_are_refused_unless_a_transition_leads_there()
    {
        var (mine, other) = (WithProduct(Fee(10)), WithProduct(Fee(30)));
        Should.Throw<BillingException>(() => Running(mine).Change(At(2026, 6, 16), new ChangePlan("other"), other)).Code.ShouldBe(BillingErrorCode.Conflict);
        Running(mine).Change(At(2026, 6, 16), new ChangePlan("other"), other, null, new PlanTransition(EntityId.New<PlanId>(), ChangeWhen.Immediate, ChangeProration.Prorate)).Invoices.Count.ShouldBe(2);
    }

    [Fact]
    public void Usage_is_rated_by_the_price_that_was_in_force_when_it_happened()
    {
        var (before, after) = (Plan(Usage("calls", 1)), Plan(Usage("calls", 3)));
        var life = new PaperSubscription(before, From(At(2026, 6, 1))) { Usage = (_, period) => (decimal)(period.Duration.BclCompatibleTicks / NodaConstants.TicksPerDay) };

        life.Change(At(2026, 6, 11), new ChangePlan("next"), after).BillUntil(At(2026, 7, 1));

        // A unit a day: ten days at 1, twenty at 3.
        life.Invoices.Select(invoice => invoice.Total.Amount).ShouldBe([10m, 60m]);
    }

    [Fact]
    public void A_price_that_both_plans_have_goes_on_as_if_nothing_had_happened()
    {
        var shared = Usage("calls", 1, new GraduatedPrice([new Tier(10, 1m, 0), new Tier(null, 0.5m, 0)]));
        var life = new PaperSubscription(Plan(shared, Item("fee", new FlatPrice(10m), BillingTiming.InAdvance, Month)), From(At(2026, 6, 1))) { Usage = (_, period) => (decimal)(period.Duration.BclCompatibleTicks / NodaConstants.TicksPerDay) };

        life.Change(At(2026, 6, 16), new ChangePlan("next"), Plan(shared, Item("fee", new FlatPrice(30m), BillingTiming.InAdvance, Month))).BillUntil(At(2026, 7, 1));

        // 10 × 1 + 20 × 0.5 for the whole month at its end, not 10 + 2.5 twice.
        Lines(life.Invoices[1]).ShouldBe([(LineKind.Flat, 15m), (LineKind.UnusedTime, -5m)]);
        Lines(life.Invoices[2]).ShouldBe([(LineKind.Usage, 20m), (LineKind.Flat, 30m)]);
    }

    [Fact]
    public void Where_plans_do_not_recur_alike_the_periods_begin_anew()
    {
        var year = Plan(Item("fee", new FlatPrice(300m), BillingTiming.InAdvance, new BillingInterval(IntervalUnit.Year, 1)));
        var life = Running(Basic).Change(At(2026, 6, 16), new ChangePlan("year"), year);

        Lines(life.Invoices[1]).ShouldBe([(LineKind.Flat, 300m), (LineKind.UnusedTime, -5m)]);
        life.State.NextBillingAt.ShouldBe(At(2027, 6, 16));
    }

    [Fact]
    public void Changes_at_one_instant_leave_what_the_last_of_them_costs()
    {
        var life = Running(Basic).Change(At(2026, 6, 16), new ChangePlan("pro"), Pro).Change(At(2026, 6, 16), new ChangePlan("other"), Fee(20)).Change(At(2026, 6, 16), new ChangePlan("pro"), Pro);

        life.Net.ShouldBe(10m - 5m + 15m);
        life.BillUntil(At(2026, 7, 1)).Net.ShouldBe(50m);
    }

    [Fact]
    public void A_change_at_the_very_start_leaves_nothing_of_what_was_billed_for_it()
    {
        Running(Basic).Change(At(2026, 6, 1), new ChangePlan("pro"), Pro).Net.ShouldBe(30m);
        Running(Basic).Change(At(2026, 6, 1), new Cancel { When = ChangeWhen.Immediate }).Net.ShouldBe(0m);
        new PaperSubscription(Basic, From(At(2026, 6, 1), BillingAnchor.OnDay(16))).BillUntil(At(2026, 6, 1)).Change(At(2026, 6, 1), new ChangePlan("pro") { Proration = ChangeProration.Prorate }, Pro).BillUntil(At(2026, 6, 16)).Net
            .ShouldBe(14.52m + 30m, "15 of 31 days, and a month");
    }

    [Fact]
    public void What_is_given_back_was_discounted_as_it_was_billed()
    {
        var coupon = new Coupon { Code = "half", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Once } };
        var life = new PaperSubscription(Basic, From(At(2026, 6, 1)));
        life.Redeem(coupon).Change(At(2026, 6, 16), new ChangePlan("pro"), Pro);

        (life.Invoices[0].Total.Amount, life.Invoices[1].Total.Amount).ShouldBe((5m, 15m - 2.5m));
    }

    internal static PlanVersion Fee(decimal amount, Proration proration = Proration.BySecond) => Plan(Item("fee", new FlatPrice(amount), BillingTiming.InAdvance, Month, with: terms => terms with { Proration = proration }));

    internal static IEnumerable<(LineKind Kind, decimal Amount)> Lines(Invoice invoice) => invoice.Lines.Select(line => (line.Kind, line.Amount.Amount));

    private static PaperSubscription Running(PlanVersion plan) => new PaperSubscription(plan, From(At(2026, 6, 1))).BillUntil(At(2026, 6, 1));

    private static PlanItem Usage(string code, decimal unit, PriceModel? model = null) => Item(code, model ?? new PerUnitPrice(unit), BillingTiming.InArrears, Month, Calls);

    private static PlanVersion WithProduct(PlanVersion plan) => plan with { Items = [.. plan.Items.Select(item => item with { Price = item.Price with { Product = EntityId.New<ProductId>() } })] };
}
