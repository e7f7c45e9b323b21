using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Billed periods that are rated again; every figure here was worked out by hand.</summary>
public sealed class RechargeTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();
    private static readonly Interval January = new(At(2026, 1, 1), At(2026, 2, 1));

    [Fact]
    public void An_adjustment_is_what_the_whole_period_comes_to_less_what_was_billed()
    {
        // 100 at 0.10, then 50 at 0.04 is 12.00; 120 came to 10.80.
        var line = Adjust(new GraduatedPrice([new(100, 0.10m, 0), new(null, 0.04m, 0)]), 150, Billed(120, 10_80)).Single();

        (line.Kind, line.Quantity, line.Amount.Amount, line.UnitAmount).ShouldBe((LineKind.Adjustment, 30m, 1.20m, null));
        line.Adjustment.ShouldBe(new LineAdjustment(150, Cents(12_00), Cents(10_80)));
        line.Period.ShouldBe(January);
        line.Tiers.Select(tier => tier.Quantity).ShouldBe([100m, 50m]);
    }

    [Fact]
    public void More_usage_may_cost_less()
    {
        // 100 at 1.00 were 100.00; all 101 at 0.50 are 50.50.
        var line = Adjust(new VolumePrice([new(100, 1m, 0), new(null, 0.50m, 0)]), 101, Billed(100, 100_00)).Single();
        (line.Quantity, line.Amount.Amount).ShouldBe((1m, -49.50m));
    }

    [Fact]
    public void Nothing_is_adjusted_where_nothing_changes_and_earlier_adjustments_count()
    {
        Adjust(new PerUnitPrice(0.5m), 30, Billed(20, 10_00), Billed(10, 5_00)).ShouldBeEmpty();
        Adjust(new PerUnitPrice(0.5m), 31, Billed(20, 10_00), Billed(10, 5_00)).Single().Amount.Amount.ShouldBe(0.5m);
        Adjust(new PackagePrice(10, 4m), 9, Billed(3, 4_00)).ShouldBeEmpty();
    }

    [Fact]
    public void A_minimum_that_was_billed_is_used_up_first()
    {
        // The minimum of 20.00 was 8.00 of usage and 12.00 to make it up; 22.00 of usage are 2.00 more.
        var line = Adjust(new PerUnitPrice(1m), 22, terms => terms with { MinimumAmount = 20 }, Billed(8, 8_00), Billed(0, 12_00)).Single();
        (line.Quantity, line.Amount.Amount).ShouldBe((14m, 2m));
        Adjust(new PerUnitPrice(1m), 19, terms => terms with { MinimumAmount = 20 }, Billed(8, 8_00), Billed(0, 12_00)).ShouldBeEmpty();
    }

    [Fact]
    public void Each_group_is_adjusted_for_itself_and_one_that_is_gone_is_given_back()
    {
        static RatingEvent Of(string region, decimal quantity) => new(0, quantity, ImmutableSortedDictionary<string, string>.Empty.Add("region", region));
        var lines = Adjust(new PerUnitPrice(2m), RatingInput.Of([Of("eu", 3), Of("us", 4)]), terms => terms with { GroupBy = ["region"] }, Billed(3, 6_00, "eu"), Billed(1, 2_00, "ap"));

        lines.Select(line => (line.Description, line.Quantity, line.Amount.Amount)).ShouldBe([
            ("calls (region: us): adjustment", 4m, 8m), ("calls (region: ap): adjustment", -1m, -2m)]);
    }

    [Fact]
    public void The_charges_that_were_billed_for_an_instant_are_found()
    {
        var plan = Plan(
            Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls), Item("yearly", new PerUnitPrice(1m), BillingTiming.InArrears, new BillingInterval(IntervalUnit.Year, 1), Calls),
            Item("other", new PerUnitPrice(1m), BillingTiming.InArrears, Month, EntityId.New<MetricId>()), Item("fee", new FlatPrice(1m), BillingTiming.InAdvance, Month));
        var timeline = From(At(2026, 1, 15), BillingAnchor.Calendar, end: At(2026, 4, 10));
        IEnumerable<Interval> Of(Instant first, Instant last, Instant until) => BilledCharges.Of(plan, timeline, Calls, first, last, until).Select(charge => charge.Period);

        Of(At(2026, 1, 1), At(2026, 1, 14), At(2026, 4, 10)).ShouldBeEmpty();
        Of(At(2026, 1, 1), At(2026, 1, 15), At(2026, 3, 1)).ShouldBe([new Interval(At(2026, 1, 15), At(2026, 2, 1))]);
        Of(At(2026, 1, 31), At(2026, 2, 1), At(2026, 3, 1)).ShouldBe([new Interval(At(2026, 1, 15), At(2026, 2, 1)), new Interval(At(2026, 2, 1), At(2026, 3, 1))]);
        Of(At(2026, 2, 1), At(2026, 3, 20), At(2026, 3, 1)).ShouldBe([new Interval(At(2026, 2, 1), At(2026, 3, 1))]);
        Of(At(2026, 4, 9), At(2026, 4, 9), At(2026, 4, 10)).ShouldBe([new Interval(At(2026, 4, 1), At(2026, 4, 10)), new Interval(At(2026, 1, 15), At(2026, 4, 10))]);
        Of(At(2026, 4, 10), At(2026, 5, 9), At(2026, 4, 10)).ShouldBeEmpty();
    }

    [Fact]
    public void An_invoice_has_its_adjustments_last_and_takes_a_number_only_for_them()
    {
        var charge = Charge.Whole(Plan(Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls)), January).Single();
        Invoice Of(decimal quantity) => InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default, Customer = default, Currency = Usd, Boundary = At(2026, 3, 1), Charges = [new ChargedUsage(charge with { Period = new Interval(At(2026, 2, 1), At(2026, 3, 1)) }, new RatingInput(5))],
            Recharges = [new Recharge(charge, new RatingInput(quantity), [Billed(7, 7_00)])], Correction = 4,
        });

        (Of(9).Correction, Of(9).Total.Amount, Of(7).Correction, Of(7).Total.Amount).ShouldBe((4, 7m, null, 5m));
        Of(9).Lines.Select(line => (line.Kind, line.Amount.Amount)).ShouldBe([(LineKind.Usage, 5m), (LineKind.Adjustment, 2m)]);
        Of(9).Period!.Value.Start.ShouldBe(At(2026, 2, 1));
    }

    [Fact]
    public void Adjustments_that_have_no_room_are_one_for_each_price_and_what_they_billed_counts_later()
    {
        static RatingEvent Of(int region, decimal quantity) => new(0, quantity, ImmutableSortedDictionary<string, string>.Empty.Add("region", $"r{region}"));
        var charge = Charge.Whole(Plan(Item("calls", new PerUnitPrice(2m), BillingTiming.InArrears, Month, Calls, with: terms => terms with { GroupBy = ["region"] })), January).Single();
        var usage = RatingInput.Of([.. Enumerable.Range(0, 1_500).Select(i => Of(i, 3))]);
        Invoice Bill(params BilledGroup[] billed) => InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default, Customer = default, Currency = Usd, Boundary = At(2026, 3, 1), Charges = [], Recharges = [new Recharge(charge, usage, [.. billed])], Correction = 1,
        });

        // 1,500 groups of 3 at 2.00, of which one was billed 1 at 2.00.
        var line = Bill(Billed(1, 2_00, "r7")).Lines.Single();
        (line.Description, line.Quantity, line.Amount.Amount).ShouldBe(("calls: adjustment of 1500 groups", 4_499m, 8_998m));
        line.Adjustment.ShouldBe(new LineAdjustment(4_500, Cents(9_000_00), Cents(2_00)));

        // What was billed in one line counts, to the cent, whichever groups it was for.
        Bill(Billed(1, 2_00, "r7"), BilledGroup.Of(line)).Total.IsZero.ShouldBeTrue();
    }

    private static IReadOnlyList<InvoiceLine> Adjust(PriceModel model, decimal quantity, params BilledGroup[] billed) => Adjust(model, quantity, terms => terms, billed);

    private static IReadOnlyList<InvoiceLine> Adjust(PriceModel model, decimal quantity, Func<PriceTerms, PriceTerms> with, params BilledGroup[] billed) => Adjust(model, new RatingInput(quantity), with, billed);

    private static IReadOnlyList<InvoiceLine> Adjust(PriceModel model, RatingInput usage, Func<PriceTerms, PriceTerms> with, params BilledGroup[] billed) =>
        new Recharge(Charge.Whole(Plan(Item("calls", model, BillingTiming.InArrears, Month, Calls, with: with)), January).Single(), usage, [.. billed]).LinesIn(Usd);

    private static BilledGroup Billed(decimal quantity, long cents, string? region = null) => new(
        region is null ? ImmutableSortedDictionary<string, string?>.Empty : ImmutableSortedDictionary<string, string?>.Empty.Add("region", region), quantity, Cents(cents));

    private static Money Cents(long cents) => Money.FromMinorUnits(cents, Usd);
}
