using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>A fixed price of 30.00 a month in arrears that is not prorated: of each month that something interrupts it is charged once, whole, as a price in advance is.</summary>
public sealed class WholePeriodTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_paused_and_resumed_in_a_month_is_charged_once(string storage)
    {
        await using var life = await RunningAsync(storage);
        await ChangeOnAsync(life, "2026-06-11", new Pause());
        await ChangeOnAsync(life, "2026-06-21", new Resume());
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-11 invoice: 30.00
              fee 2026-06-01..2026-06-11: 30.00
            2026-08-01 invoice: 30.00
              fee 2026-07-01..2026-08-01: 30.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_pause_over_the_end_of_a_month_is_paid_in_both(string storage)
    {
        // The rest of July is a period of its own, and costs as much as all of it.
        await using var life = await RunningAsync(storage);
        await ChangeOnAsync(life, "2026-06-11", new Pause());
        await ChangeOnAsync(life, "2026-07-21", new Resume());
        await ChangeOnAsync(life, "2026-07-25", new Pause());
        await ChangeOnAsync(life, "2026-07-28", new Resume());
        await life.GoToAsync("2026-09-02");
        await BillsAsync(life, """
            2026-06-11 invoice: 30.00
              fee 2026-06-01..2026-06-11: 30.00
            2026-07-25 invoice: 30.00
              fee 2026-07-21..2026-07-25: 30.00
            2026-09-01 invoice: 30.00
              fee 2026-08-01..2026-09-01: 30.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Quantities_and_terms_that_change_in_a_month_count_from_the_next(string storage)
    {
        // Three seats at 10.00, then five, then two; from 26 June at 12.00. June is three at 10.00, July two at 12.00.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Whole("seats", 10, 3));
        await life.SubscribeAsync("acme", "team");
        await ChangeOnAsync(life, "2026-06-11", Seats(5));
        await ChangeOnAsync(life, "2026-06-21", Seats(2));
        await ChangeOnAsync(life, "2026-06-26", new ChangePrices(ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("seats", Terms(new PriceTerms { Currency = Currency.Parse("USD"), Model = new PerUnitPrice(12) }))));
        await life.GoToAsync("2026-08-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-26", 30m), ("2026-08-01", 24m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_plan_that_is_left_and_taken_again_in_a_month_is_charged_once(string storage)
    {
        await using var life = await RunningAsync(storage);
        await life.PlanAsync("pro", Whole("better", 60));
        await ChangeOnAsync(life, "2026-06-11", new ChangePlan("pro"));
        await ChangeOnAsync(life, "2026-06-21", new ChangePlan("basic"));
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-11 invoice: 30.00
              fee 2026-06-01..2026-06-11: 30.00
            2026-06-21 invoice: 60.00
              better 2026-06-11..2026-06-21: 60.00
            2026-08-01 invoice: 30.00
              fee 2026-07-01..2026-08-01: 30.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_end_that_is_taken_back_in_a_month_is_charged_once(string storage)
    {
        await using var life = await RunningAsync(storage);
        await ChangeOnAsync(life, "2026-06-11", new Cancel { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-06-21", new Reactivate());
        await ChangeOnAsync(life, "2026-06-25", new Cancel { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-06-26", new Reactivate());
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-11 invoice: 30.00
              fee 2026-06-01..2026-06-11: 30.00
            2026-08-01 invoice: 30.00
              fee 2026-07-01..2026-08-01: 30.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", false)]
    [InlineData("postgres", false)]
    [InlineData("sqlite", true)]
    [InlineData("postgres", true)]
    public async Task An_add_on_that_is_removed_and_added_again_in_its_month_is_charged_once_for_each(string storage, bool ownCycle)
    {
        // One from 1 June is removed on the 11th. Of two on the 21st one is paid already until 1 July, where that is its month too; the other costs 9.00 with its month. A month of its own that begins on the 21st is another, and costs as much.
        await using var life = await RunningAsync(storage);
        await life.PlanAsync("extras", Whole("extra", 9));
        await ChangeOnAsync(life, "2026-06-01", new AddAddOn("extra", 1, ownCycle));
        await ChangeOnAsync(life, "2026-06-11", new RemoveAddOn("extra"));
        await ChangeOnAsync(life, "2026-06-21", new AddAddOn("extra", 1, ownCycle));
        await ChangeOnAsync(life, "2026-06-21", new AddAddOn("extra", 1, ownCycle));
        await life.GoToAsync(ownCycle ? "2026-08-22" : "2026-08-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines.Where(line => line.Description == "extra").Select(line => (Day.Write(invoice.CreatedAt), line.Amount.Amount)))
            .ShouldBe(ownCycle ? [("2026-06-11", 9m), ("2026-07-21", 9m), ("2026-07-21", 9m), ("2026-08-21", 9m), ("2026-08-21", 9m)] : [("2026-06-11", 9m), ("2026-07-01", 9m), ("2026-08-01", 9m), ("2026-08-01", 9m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_two_zones_begin_is_charged_once(string storage)
    {
        // July began in Berlin at 22:00 UTC, and half an hour later in New York June goes on. Berlin's July is paid by the change, New York's with it.
        await using var life = await StartAsync(storage, "2026-05-31T22:00");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("basic", Whole("fee", 30));
        await life.SubscribeAsync("acme", "basic", with => with with { Anchor = BillingAnchor.Calendar });
        await ChangeOnAsync(life, "2026-06-30T22:30", new ChangeZone(DateTimeZoneProviders.Tzdb["America/New_York"]));
        await life.GoToAsync("2026-09-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines.Select(line => (Day.Write(invoice.CreatedAt), line.Amount.Amount)))
            .ShouldBe([("2026-06-30T22:00", 30m), ("2026-06-30T22:30", 30m), ("2026-09-01T04:00", 30m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_ahead_in_a_month_that_is_paid_in_advance_charges_it_once_too(string storage)
    {
        // Each change was known as its month began and was charged up to it, whole: a pause and more seats in July, and an end in August that is taken back.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seats", 10, 3).Having(terms => terms with { Proration = Proration.None }));
        await life.SubscribeAsync("acme", "team");
        await ChangeOnAsync(life, "2026-06-10", new Pause { At = Day.Of("2026-07-11"), ResumeAt = Day.Of("2026-07-21") });
        await ChangeOnAsync(life, "2026-06-11", Seats(5) with { At = Day.Of("2026-07-25") });
        await ChangeOnAsync(life, "2026-07-26", new Cancel { At = Day.Of("2026-08-11") });
        await ChangeOnAsync(life, "2026-08-15", new Reactivate());
        await life.GoToAsync("2026-09-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-01", 30m), ("2026-07-01", 30m), ("2026-08-01", 50m), ("2026-09-01", 50m)]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", BillingTiming.InArrears, new[] { "2026-12-20", "2027-12-20" })]
    [InlineData("postgres", BillingTiming.InArrears, new[] { "2026-12-20", "2027-12-20" })]
    [InlineData("sqlite", BillingTiming.InAdvance, new[] { "2026-01-01", "2026-12-20", "2027-12-20" })]
    [InlineData("postgres", BillingTiming.InAdvance, new[] { "2026-01-01", "2026-12-20", "2027-12-20" })]
    public async Task A_year_that_a_change_of_plan_begins_anew_is_another(string storage, BillingTiming timing, string[] expected)
    {
        // Monthly support makes the periods of the new plan begin with it: twelve days of its first year were paid, and it costs what a year does.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        var fee = Whole("fee", 1200).Every(IntervalUnit.Year).Having(terms => terms with { Timing = timing });
        await life.PlanAsync("basic", fee);
        await life.PlanAsync("pro", fee, Offer.Fee("support", 5));
        await life.SubscribeAsync("acme", "basic");
        await ChangeOnAsync(life, "2026-12-20", new ChangePlan("pro"));
        await life.GoToAsync("2028-01-02");
        (await life.InvoicesAsync("acme")).Where(invoice => invoice.Lines.Any(line => line is { Description: "fee", Amount.Amount: 1200 })).Select(invoice => Day.Write(invoice.CreatedAt)).ShouldBe(expected);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_begins_earlier_in_an_eastern_zone_is_charged(string storage)
    {
        // New York's January is paid by the change, and Berlin's with it; Berlin's February begins six hours before New York's January is over.
        await using var life = await StartAsync(storage, "2026-01-01T05:00");
        await life.CustomerAsync(zone: "America/New_York");
        await life.PlanAsync("basic", Whole("fee", 30));
        await life.SubscribeAsync("acme", "basic", with => with with { Anchor = BillingAnchor.Calendar });
        await ChangeOnAsync(life, "2026-01-15", new ChangeZone(Berlin));
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines.Select(line => (Day.Write(invoice.CreatedAt), line.Amount.Amount)))
            .ShouldBe([("2026-01-15", 30m), ("2026-02-28T23:00", 30m), ("2026-03-31T22:00", 30m)]);
        await BilledLives.VerifyAsync(life);
    }

    private static PriceTerms Terms(PriceTerms terms) => terms with { Timing = BillingTiming.InArrears, Proration = Proration.None };

    private static Offer Whole(string code, decimal amount, decimal quantity = 1) => quantity == 1 ? Offer.Fee(code, amount).Having(Terms) : Offer.Seats(code, amount, quantity).Having(Terms);

    private static ChangeQuantities Seats(decimal quantity) => new(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", quantity));

    private async Task<Scenario> RunningAsync(string storage)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Whole("fee", 30));
        await life.SubscribeAsync("acme", "basic");
        return life;
    }
}
