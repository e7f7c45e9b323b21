using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Commitments of plans and contracts; every figure here was worked out by hand.</summary>
public sealed class CommitmentTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();
    private static readonly PlanItem Usage = Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls);
    private static readonly PlanItem Fee = Item("fee", new FlatPrice(100m), BillingTiming.InAdvance, Month);

    [Fact]
    public void What_is_missing_at_the_end_is_charged_and_what_was_billed_in_advance_counts()
    {
        var plan = Plan(Fee, Usage) with { Commitment = Commit(500) };
        var timeline = From(At(2026, 1, 1));

        // The fee of January was billed at its start; 130 calls come now, so that 270 are missing.
        var line = Settle(plan, timeline, At(2026, 2, 1), 130, Line(100m, At(2026, 1, 1))).ShouldHaveSingleItem();
        (line.Amount.Amount, line.Description, line.Period, line.Factor).ShouldBe((270m, "Minimum commitment of 500.00 USD", new Interval(At(2026, 1, 1), At(2026, 2, 1)), ProrationFactor.Whole));

        Settle(plan, timeline, At(2026, 2, 1), 400, Line(100m, At(2026, 1, 1))).ShouldBeEmpty();
        Settle(plan, timeline, At(2026, 2, 1), 4_000, Line(100m, At(2026, 1, 1))).ShouldBeEmpty();
        Settle(plan, timeline, At(2026, 1, 1), 0).ShouldBeEmpty();
    }

    [Fact]
    public void A_part_of_an_interval_commits_to_its_part_by_the_proration_of_the_commitment()
    {
        // 17 of 31 days, then the whole of February, then 9 of 31 days before the end.
        var timeline = From(At(2026, 1, 15), BillingAnchor.Calendar, end: At(2026, 3, 10));
        decimal Missing(Proration proration, Instant boundary) => Settle(Plan(Usage) with { Commitment = Commit(310) with { Proration = proration } }, timeline, boundary, 10).Single().Amount.Amount;

        Missing(Proration.BySecond, At(2026, 2, 1)).ShouldBe(160m);
        Missing(Proration.ByDay, At(2026, 2, 1)).ShouldBe(160m);
        Missing(Proration.None, At(2026, 2, 1)).ShouldBe(300m);
        Missing(Proration.BySecond, At(2026, 3, 1)).ShouldBe(300m);
        Missing(Proration.BySecond, At(2026, 3, 10)).ShouldBe(80m);
    }

    [Fact]
    public void A_contract_is_drawn_down_over_its_term_and_the_rest_is_charged_at_its_end()
    {
        var timeline = From(At(2026, 1, 1), end: At(2027, 1, 1)) with { Commitment = Commit(1_200, new BillingInterval(IntervalUnit.Year, 1)) };
        var plan = Plan(Usage) with { Commitment = Commit(500) };

        Settle(plan, timeline, At(2026, 2, 1), 10).ShouldBeEmpty();
        InvoiceLine[] earlier = [.. Enumerable.Range(1, 11).Select(month => Line(90m, At(2026, month, 1)))];

        // 11 months of 90 and 55 in December: 155 short of 1,200.
        Settle(plan, timeline, At(2027, 1, 1), 55, earlier).Single().Amount.Amount.ShouldBe(155m);
        Settle(plan, timeline, At(2027, 1, 1), 210, earlier).ShouldBeEmpty();
    }

    [Fact]
    public void Usage_that_comes_late_draws_on_what_was_charged_as_missing()
    {
        var period = Schedule(Plan(Usage) with { Commitment = Commit(100) }, From(At(2026, 1, 1))).CommitmentsHolding([At(2026, 1, 20)], At(2026, 3, 1)).Single();
        InvoiceLine[] billed = [Line(30m, At(2026, 1, 1)), Line(70m, At(2026, 1, 1)) with { Kind = LineKind.Commitment, Period = period.Period }];
        decimal? After(decimal adjustment) => period.After(billed).LineOf([Line(adjustment, At(2026, 1, 1)) with { Kind = LineKind.Adjustment }])?.Amount.Amount;

        After(50m).ShouldBe(-50m);
        After(90m).ShouldBe(-70m);
        After(-10m).ShouldBe(10m);
        After(0m).ShouldBeNull();
    }

    [Fact]
    public void A_commitment_has_boundaries_of_its_own_and_what_is_no_usage_of_the_plan_does_not_count()
    {
        var yearly = Item("licence", new FlatPrice(10m), BillingTiming.InAdvance, new BillingInterval(IntervalUnit.Year, 1));
        var plan = Plan(yearly) with { Commitment = Commit(50, new BillingInterval(IntervalUnit.Quarter, 1)) };
        var schedule = Schedule(plan, From(At(2026, 1, 1)));

        schedule.NextBoundary(At(2026, 1, 1)).ShouldBe(At(2026, 4, 1));
        Settle(plan, From(At(2026, 1, 1)), At(2026, 4, 1), 0, Line(10m, At(2026, 1, 1)), Line(500m, At(2026, 2, 1)) with { Kind = LineKind.OneOff }, Line(500m, At(2025, 12, 31))).Single().Amount.Amount.ShouldBe(40m);
    }

    [Fact]
    public void What_is_missing_is_corrected_on_the_bill_that_charged_it_first_in_whatever_order_they_are_read()
    {
        // 70 were charged as missing in February and 20 more in March: the 30 that come back are of the first, which has as many.
        var period = Schedule(Plan(Usage) with { Commitment = Commit(100) }, From(At(2026, 1, 1))).CommitmentsHolding([At(2026, 1, 20)], At(2026, 4, 1)).Single();
        Invoice Charging(decimal amount, Instant at) => Bill(Plan(Usage), From(At(2026, 1, 1)), at) with { Lines = [Line(amount, At(2026, 1, 1)) with { Kind = LineKind.Commitment, Period = period.Period }] };
        Invoice[] bills = [Charging(20, At(2026, 3, 1)), Charging(70, At(2026, 2, 1))];

        BoundBills.ChargedFor(period, bills)!.Lines.Single().Amount.Amount.ShouldBe(70m);
        BoundBills.ChargedFor(period, bills.Reverse())!.Lines.Single().Amount.Amount.ShouldBe(70m);
        BoundBills.ChargedFor(period, [bills[0] with { Lines = [bills[0].Lines[0] with { Corrects = EntityId.New<InvoiceLineId>() }] }]).ShouldBeNull();
    }

    private static MinimumCommitment Commit(decimal amount, BillingInterval? interval = null) => new(Money.Of(amount, Usd), interval ?? Month);

    private static InvoiceLine Line(decimal amount, Instant start) => new()
    {
        Kind = LineKind.Usage, Description = "", Quantity = 1, Amount = Money.Of(amount, Usd), Period = new Interval(start, start + Duration.FromDays(28)),
    };

    private static ChargeSchedule Schedule(PlanVersion plan, Timeline timeline) => ChargeSchedule.Of(timeline, plan);

    private static List<InvoiceLine> Settle(PlanVersion plan, Timeline timeline, Instant boundary, decimal calls, params InvoiceLine[] earlier)
    {
        var due = Schedule(plan, timeline).At(boundary, []);
        var invoice = InvoiceCalculator.Calculate(new InvoiceRequest
        {
            Tenant = TenantId.Default, Customer = default, Currency = Usd, Boundary = boundary, Correction = 7,
            Charges = [.. due.Charges.Select(charge => new ChargedUsage(charge, new RatingInput(calls)))],
            Commitments = [.. due.Commitments.Select(item => item.After(earlier))],
        });
        invoice.Correction.ShouldBe(due.Commitments.Count == 0 ? null : 7);
        return [.. invoice.Lines.Where(line => line.Kind is LineKind.Commitment)];
    }
}
