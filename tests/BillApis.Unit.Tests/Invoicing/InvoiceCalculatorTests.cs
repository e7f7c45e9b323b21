using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Pricing;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Every figure here was worked out by hand.</summary>
public sealed class InvoiceCalculatorTests
{
    private static readonly MetricId Calls = EntityId.New<MetricId>();

    [Fact]
    public void A_boundary_bills_arrears_of_the_period_that_ends_before_advance_of_the_one_that_begins()
    {
        var plan = Plan(
            Item("base", new FlatPrice(49.90m), BillingTiming.InAdvance, Month),
            Item("calls", new PerUnitPrice(0.0015m), BillingTiming.InArrears, Month, Calls));

        var invoice = Bill(plan, From(At(2026, 1, 15)), At(2026, 2, 15), (Calls, 12_345));

        invoice.Lines.Select(line => (line.Price == plan.Items[1].Price.Id, line.Kind, line.Amount.Amount, line.InAdvance)).ShouldBe([
            (true, LineKind.Usage, 18.52m, false), // 12,345 × 0.0015 = 18.5175
            (false, LineKind.Flat, 49.90m, true)]);
        invoice.Lines.Select(line => line.Period!.Value.Start).ShouldBe([At(2026, 1, 15), At(2026, 2, 15)]);
        invoice.Total.Amount.ShouldBe(68.42m);
        (invoice.Period!.Value.Start, invoice.Period.Value.End).ShouldBe((At(2026, 1, 15), At(2026, 2, 15)));
    }

    [Fact]
    public void The_start_bills_advance_and_what_is_charged_once()
    {
        var plan = Plan(
            Item("setup", new FlatPrice(100m), BillingTiming.InAdvance, null),
            Item("seats", new PerUnitPrice(12m), BillingTiming.InAdvance, Month, quantity: 3),
            Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls));

        var start = Bill(plan, From(At(2026, 1, 1)), At(2026, 1, 1));
        var next = Bill(plan, From(At(2026, 1, 1)), At(2026, 2, 1));

        start.Lines.Select(line => line.Amount.Amount).ShouldBe([100m, 36m]);
        next.Lines.Select(line => line.Amount.Amount).ShouldBe([0m, 36m]);
    }

    [Fact]
    public void A_calendar_stub_is_prorated_and_its_usage_is_not()
    {
        var plan = Plan(
            Item("base", new FlatPrice(31m), BillingTiming.InAdvance, Month),
            Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls, with: terms => terms with { MinimumAmount = 31m }));
        var timeline = From(At(2026, 1, 15), BillingAnchor.Calendar);

        var start = Bill(plan, timeline, At(2026, 1, 15));
        var next = Bill(plan, timeline, At(2026, 2, 1), (Calls, 10));

        start.Lines.Single().Amount.Amount.ShouldBe(17m); // 17 of 31 days
        start.Lines.Single().Factor.ShouldBe(new ProrationFactor(17, 31));
        next.Lines.Select(line => (line.Kind, line.Amount.Amount)).ShouldBe([(LineKind.Usage, 10m), (LineKind.Minimum, 7m), (LineKind.Flat, 31m)]);
    }

    [Fact]
    public void A_maximum_is_a_negative_line()
    {
        var plan = Plan(Item("calls", new PerUnitPrice(1m), BillingTiming.InArrears, Month, Calls, with: terms => terms with { MaximumAmount = 50m }));

        var invoice = Bill(plan, From(At(2026, 1, 1)), At(2026, 2, 1), (Calls, 80));

        invoice.Lines.Select(line => (line.Kind, line.Amount.Amount)).ShouldBe([(LineKind.Usage, 80m), (LineKind.Maximum, -30m)]);
        invoice.Total.Amount.ShouldBe(50m);
    }

    [Fact]
    public void Prices_of_other_intervals_fall_due_at_their_own_boundaries()
    {
        var plan = Plan(
            Item("yearly", new FlatPrice(1200m), BillingTiming.InAdvance, new BillingInterval(IntervalUnit.Year, 1)),
            Item("monthly", new FlatPrice(10m), BillingTiming.InAdvance, Month));
        var timeline = From(At(2026, 1, 31));

        Totals(plan, timeline).Take(13).ShouldBe([1210m, .. Enumerable.Repeat(10m, 11), 1210m]);
        Boundaries(plan, timeline).Take(4).ShouldBe([At(2026, 1, 31), At(2026, 2, 28), At(2026, 3, 31), At(2026, 4, 30)]);
    }

    [Fact]
    public void An_end_cuts_the_last_period_and_bills_its_arrears()
    {
        var plan = Plan(
            Item("base", new FlatPrice(30m), BillingTiming.InAdvance, Month),
            Item("support", new FlatPrice(60m), BillingTiming.InArrears, Month));
        var timeline = From(At(2026, 4, 1), end: At(2026, 5, 11));

        Boundaries(plan, timeline).ShouldBe([At(2026, 4, 1), At(2026, 5, 1), At(2026, 5, 11)]);
        Bill(plan, timeline, At(2026, 5, 1)).Lines.Select(line => line.Amount.Amount).ShouldBe([60m, 9.68m]); // 30 × 10/31 = 9.677
        Bill(plan, timeline, At(2026, 5, 11)).Lines.Select(line => line.Amount.Amount).ShouldBe([19.35m]); // 60 × 10/31 = 19.3548…
    }

    [Fact]
    public void Nothing_is_billed_in_a_trial_and_the_first_period_begins_at_its_end()
    {
        var plan = Plan(Item("base", new FlatPrice(30m), BillingTiming.InAdvance, Month));
        var timeline = From(At(2026, 1, 1)) with { TrialEndAt = At(2026, 1, 15) };

        Boundaries(plan, timeline).Take(2).ShouldBe([At(2026, 1, 15), At(2026, 2, 15)]);
    }

    [Fact]
    public void The_same_request_gives_the_same_bytes_in_every_culture()
    {
        var plan = Plan(
            Item("base", new FlatPrice(49.90m), BillingTiming.InAdvance, Month),
            Item("calls", new GraduatedPrice([new Tier(100, 0.5m, 1m), new Tier(null, 0.25m, 0m)]), BillingTiming.InArrears, Month, Calls));
        string Json() => JsonSerializer.Serialize(Bill(plan, From(At(2026, 1, 15), zone: "America/New_York"), At(2026, 2, 15), (Calls, 1234.5m)), BillingJson.Options);
        var expected = Json();
        var before = CultureInfo.CurrentCulture;
        try
        {
            foreach (var culture in new[] { "de-DE", "ar-SA", "tr-TR", "hi-IN" })
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                Json().ShouldBe(expected);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_group_has_a_line_of_its_own_that_names_it()
    {
        var charge = Charge.Whole(Plan(Item("calls", new PerUnitPrice(2m), BillingTiming.InArrears, Month, Calls, with: terms => terms with { GroupBy = ["region"] })), new NodaTime.Interval(At(2026, 1, 1), At(2026, 2, 1))).Single();
        RatingEvent Of(string region, decimal quantity) => new(0, quantity, ImmutableSortedDictionary<string, string>.Empty.Add("region", region));

        var invoice = InvoiceCalculator.Calculate(new InvoiceRequest { Tenant = TenantId.Default, Customer = default, Currency = Usd, Boundary = At(2026, 2, 1), Charges = [new ChargedUsage(charge, RatingInput.Of([Of("us", 4), Of("eu", 3)]))] });

        invoice.Lines.Select(line => (line.Description, line.Amount.Amount)).ShouldBe([("calls (region: eu)", 6m), ("calls (region: us)", 8m)]);
    }

    private static IEnumerable<NodaTime.Instant> Boundaries(PlanVersion plan, Timeline timeline)
    {
        var schedule = ChargeSchedule.Of(timeline, plan);
        for (var next = schedule.NextBoundary(null); next is not null; next = schedule.NextBoundary(next))
        {
            yield return next.Value;
        }
    }

    private static IEnumerable<decimal> Totals(PlanVersion plan, Timeline timeline) => Boundaries(plan, timeline).Select(boundary => Bill(plan, timeline, boundary).Total.Amount);
}
