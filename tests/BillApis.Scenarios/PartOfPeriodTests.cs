using System.Collections.Immutable;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>What is charged of a part of a period, and given back of one: in days and hours, in currencies without decimals and with three, and whenever it is told.</summary>
public sealed class PartOfPeriodTests(Databases databases) : LifeTests(databases)
{
    private static readonly DateTimeZone NewYork = DateTimeZoneProviders.Tzdb["America/New_York"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Dinars_have_three_decimals_in_every_part(string storage)
    {
        // 12 of 31 days: 9.999 × 12/31 = 3.871. 1,001 calls at 0.0055 = 5.5055. Half of February's fee as it was paid, 9.354, is 4.677.
        await using var life = await StartAsync(storage, "2026-01-20");
        await life.CustomerAsync(currency: "KWD", with: customer => customer with { Country = "KW" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "KW", Percentage = 5 }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "ONE", Terms = new CouponTerms { AmountOff = Money.Of(1, Currency.Parse("KWD")), Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 9.999m).Having(terms => terms with { Proration = Proration.ByDay }).In("KWD"), Offer.Usage("calls", "call", new PerUnitPrice(0.0055m)).In("KWD"));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar, Coupons = ["ONE"] });
        await life.UseAsync("acme", "call", 1_001, "2026-01-25");
        await life.GoToAsync("2026-02-15T15:00");
        await CancelAsync(life, ChangeWhen.Immediate);
        await BillsAsync(life, """
            2026-01-20 invoice: 3.015
              fee 2026-01-20..2026-02-01 (12/31): 3.871
              coupon ONE: -1.000
              VAT 5 % on 2.871: 0.144
            2026-02-01 invoice: 15.230
              calls × 1001 2026-01-20..2026-02-01: 5.506
              fee 2026-02-01..2026-03-01: 9.999
              coupon ONE: -1.000
              VAT 5 % on 14.505: 0.725
            2026-02-15T15:00 invoice: -4.911, due 0.000 (paid)
              calls × 0 2026-02-01..2026-02-15T15:00: 0.000
              fee: unused time 2026-02-15T15:00..2026-03-01 (1/2): -4.677
              VAT 5 % on -4.677: -0.234
            """);
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Paid.MinorUnits.ShouldBe(4_911);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Yen_have_none_and_seats_go_up_and_down_within_a_month(string storage)
    {
        // 7,000 × 2/3 = 4,667, less 3,000 × 2/3; 2,000 × 1/3 = 667, less 7,000 × 1/3 = 2,333; the last sixth of 2,000 is 333. Tax of 10 %: 300, 267 of 2,667, −167 of −1,666, −33.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync(currency: "JPY", with: customer => customer with { Country = "JP" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "JCT", Country = "JP", Percentage = 10 }, Token);
        await life.PlanAsync("team", Offer.Seats("seat", 1_000, 3).In("JPY"));
        await life.SubscribeAsync("acme", "team");
        await SeatsAsync(life, "2026-06-11", 7);
        await SeatsAsync(life, "2026-06-21", 2);
        await life.GoToAsync("2026-06-26");
        await CancelAsync(life, ChangeWhen.Immediate);
        await BillsAsync(life, """
            2026-06-01 invoice: 3300
              seat × 3 2026-06-01..2026-07-01: 3000
              JCT 10 % on 3000: 300
            2026-06-11 invoice: 2934
              seat × 7 2026-06-11..2026-07-01 (2/3): 4667
              seat: unused time 2026-06-11..2026-07-01 (2/3): -2000
              JCT 10 % on 2667: 267
            2026-06-21 invoice: -1833, due 0 (paid)
              seat × 2 2026-06-21..2026-07-01 (1/3): 667
              seat: unused time 2026-06-21..2026-07-01 (1/3): -2333
              JCT 10 % on -1666: -167
            2026-06-26 invoice: -366, due 0 (paid)
              seat: unused time 2026-06-26..2026-07-01 (1/6): -333
              JCT 10 % on -333: -33
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_are_told_days_later_are_settled_as_of_their_day(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync(with: customer => customer with { Country = "CH" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "MWST", Country = "CH", Percentage = 8.1m }, Token);
        await life.PlanAsync("team", Offer.Seats("seat", 10, 3));
        await life.SubscribeAsync("acme", "team");
        await SeatsAsync(life, "2026-06-11", 5);
        await SeatsAsync(life, "2026-06-16", 4);
        await SeatsAsync(life, "2026-06-25", 6, "2026-06-21");
        await SeatsAsync(life, "2026-06-29", 1, "2026-06-26");
        await life.GoToAsync("2026-07-01");
        await BillsAsync(life, """
            2026-06-01 invoice: 32.43
              seat × 3 2026-06-01..2026-07-01: 30.00
              MWST 8.1 % on 30.00: 2.43
            2026-06-11 invoice: 14.41
              seat × 5 2026-06-11..2026-07-01 (2/3): 33.33
              seat: unused time 2026-06-11..2026-07-01 (2/3): -20.00
              MWST 8.1 % on 13.33: 1.08
            2026-06-16 invoice: -5.41, due 0.00 (paid)
              seat × 4 2026-06-16..2026-07-01 (1/2): 20.00
              seat: unused time 2026-06-16..2026-07-01 (1/2): -25.00
              MWST 8.1 % on -5.00: -0.41
            2026-06-25 invoice: 7.21, due 1.80
              seat × 6 2026-06-21..2026-07-01 (1/3): 20.00
              seat: unused time 2026-06-21..2026-07-01 (1/3): -13.33
              paid credit: -5.41
              MWST 8.1 % on 6.67: 0.54
            2026-06-29 invoice: -9.00, due 0.00 (paid)
              seat × 1 2026-06-26..2026-07-01 (1/6): 1.67
              seat: unused time 2026-06-26..2026-07-01 (1/6): -10.00
              MWST 8.1 % on -8.33: -0.67
            2026-07-01 invoice: 10.81, due 1.81
              seat × 1 2026-07-01..2026-08-01: 10.00
              paid credit: -9.00
              MWST 8.1 % on 10.00: 0.81
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_ramp_of_prices_crosses_the_month_and_the_term_is_renewed(string storage)
    {
        // April: half at 30.00 and half at 60.00. July's first half ends the term; renewed on the 5th, the rest is charged from the 16th. 60 × 15/31 = 29.03, 60 × 16/31 = 30.97. From August 16 there are three seats more: 5 × 2.00 × 16/31 = 5.16.
        await using var life = await StartAsync(storage, "2026-04-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("pro", Offer.Fee("fee", 30), Offer.Seats("seat", 2, 2));
        var ramp = ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("fee", plan.Latest.Items[0].Price.Terms with { Model = new FlatPrice(60) });
        await life.SubscribeAsync("acme", "pro", with => with with
        {
            EndAt = Day.Of("2026-07-16"),
            Phases = [new NewPhase(Day.Of("2026-04-16")) { Prices = ramp }, new NewPhase(Day.Of("2026-08-16")) { Quantities = ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 5) }],
        });
        await ChangeOnAsync(life, "2026-07-05", new Renew(Day.Of("2026-09-01")));
        await life.GoToAsync("2026-10-01");
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).ToList();
        (lines.Where(line => line.Description.StartsWith("fee", StringComparison.Ordinal)).Sum(line => line.Amount.Amount), lines.Where(line => line.Description.StartsWith("seat", StringComparison.Ordinal)).Sum(line => line.Amount.Amount)).ShouldBe((45 + 60 + 60 + 60 + 60, 4 + 4 + 4 + 4 + 4 + 5.16m - 2.06m));
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_trial_that_ends_on_the_31st_begins_months_that_end_with_February(string storage)
    {
        // February 15 to 28 are 13 of 28 days. On March 29 the clocks go forward: two of the 31 days from February 28 are left.
        await using var life = await StartAsync(storage, "2026-01-16T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 28).Having(terms => terms with { Proration = Proration.ByDay }), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 56).Having(terms => terms with { Proration = Proration.ByDay }), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "basic", with => with with { TrialEndAt = Day.Of("2026-01-31", Berlin), Anchor = BillingAnchor.OnDay(31) });
        await life.UseAsync("acme", "call", 4, "2026-01-30T23:59");
        await life.UseAsync("acme", "call", 5, "2026-01-31");
        await life.UseAsync("acme", "call", 6, "2026-02-27T23:59");
        await life.UseAsync("acme", "call", 7, "2026-02-28");
        await life.GoToAsync("2026-02-15", Berlin);
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new ChangePlan("pro") { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-03-29T12:00", Berlin);
        await CancelAsync(life, ChangeWhen.Immediate);
        await BillsAsync(life, """
            2026-01-31 invoice: 28.00
              basic-fee 2026-01-31..2026-02-28: 28.00
            2026-02-15 invoice: 13.00
              pro-fee 2026-02-15..2026-02-28 (13/28): 26.00
              basic-fee: unused time 2026-02-15..2026-02-28 (13/28): -13.00
            2026-02-28 invoice: 67.00
              calls × 11 2026-01-31..2026-02-28: 11.00
              pro-fee 2026-02-28..2026-03-31: 56.00
            2026-03-29T12:00 invoice: 3.39
              calls × 7 2026-02-28..2026-03-29T12:00: 7.00
              pro-fee: unused time 2026-03-29T12:00..2026-03-31 (2/31): -3.61
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_start_in_the_past_over_the_change_of_the_clocks_counts_days_and_hours_of_New_York(string storage)
    {
        // From March 5 at 14:00: 27 of 31 days, and 633 of the 743 hours (58 to the 8th, 23, and 23 days). From the 20th at noon: 12 days and 276 hours.
        await using var life = await StartAsync(storage, "2026-03-20T14:00Z");
        await life.CustomerAsync(zone: "America/New_York");
        await life.PlanAsync("pro", Offer.Fee("days", 31).Having(terms => terms with { Proration = Proration.ByDay }), Offer.Fee("hours", 743));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-03-05T14:00", NewYork), Anchor = BillingAnchor.Calendar });
        await life.RunAsync();
        await life.GoToAsync("2026-03-20T12:00", NewYork);
        await CancelAsync(life, ChangeWhen.Immediate);
        await BillsAsync(life, """
            2026-03-20T10:00 invoice: 660.00
              days 2026-03-05T14:00..2026-04-01 (27/31): 27.00
              hours 2026-03-05T14:00..2026-04-01 (633/743): 633.00
            2026-03-20T12:00 invoice: -288.00, due 0.00 (paid)
              days: unused time 2026-03-20T12:00..2026-04-01 (12/31): -12.00
              hours: unused time 2026-03-20T12:00..2026-04-01 (276/743): -276.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_annual_fee_moves_to_another_zone_by_its_days(string storage)
    {
        // Midnight of July 1 in Berlin is June 30 in New York: 184 of 365 days come back, 185 are charged; the next year begins six hours later.
        await using var life = await StartAsync(storage, "2025-12-31T23:00Z");
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("pro", Offer.Fee("year", 365).Every(IntervalUnit.Year).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-07-01", Berlin);
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new ChangeZone(NewYork), Token);
        await life.GoToAsync("2027-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 365.00
              year 2026-01-01..2027-01-01: 365.00
            2026-07-01 invoice: 1.00
              year 2026-07-01..2027-01-01T06:00 (37/73): 185.00
              year: unused time 2026-07-01..2027-01-01 (184/365): -184.00
            2027-01-01T06:00 invoice: 365.00
              year 2027-01-01T06:00..2028-01-01T06:00: 365.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_week_in_which_the_clocks_go_back_has_169_hours_and_a_month_its_days(string storage)
    {
        // From Thursday: 97 of 169 hours of 100, and three of October's 31 days.
        await using var life = await StartAsync(storage, "2026-10-29T04:00Z");
        await life.CustomerAsync(zone: "America/New_York");
        await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "stored", Name = "Stored", EventType = "stored", Aggregation = Aggregation.WeightedSum, Property = "value", Recurring = true }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 31).Having(terms => terms with { Proration = Proration.ByDay }), Offer.Usage("disk", "stored", new PerUnitPrice(1)).Every(IntervalUnit.Week));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.UseAsync("acme", "stored", 100, "2026-10-29");
        await life.GoToAsync("2026-11-09", NewYork);
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt, NewYork), invoice.Total.Amount)).ShouldBe([("2026-10-29", 3m), ("2026-11-01", 31m), ("2026-11-02", 57.40m), ("2026-11-09", 100m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Minimum_and_maximum_are_for_the_part_of_the_month_that_there_is(string storage)
    {
        // 11 of 31 days: at least 22.00. February: at most 310.00. To March 11: 10 of 31 days, at least 20.00. Of January's 5 calls come 40 more, late: 45 are more than the least.
        await using var life = await StartAsync(storage, "2026-01-21");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 62, MaximumAmount = 310 }));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.UseAsync("acme", "call", 5, "2026-01-25");
        await life.UseAsync("acme", "call", 400, "2026-02-05");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-26");
        await life.GoToAsync("2026-03-11");
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([22m, 310 + 23m, 20m]);
        (await life.InvoicesAsync("acme"))[1].Lines.Select(line => line.Amount.Amount).Order().ShouldBe([-90m, 23m, 400m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_pause_that_is_over_early_is_paid_for_from_then_on(string storage)
    {
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-07-11", new Pause { When = ChangeWhen.Immediate, ResumeAt = Day.Of("2026-07-31") });
        await ChangeOnAsync(life, "2026-07-21", new Resume());
        await life.GoToAsync("2026-08-01");
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount, invoice.Due.Amount)).ShouldBe([("2026-07-01", 31m, 31m), ("2026-07-11", -21m, 0m), ("2026-07-21", 11m, 0m), ("2026-08-01", 31m, 21m)]);
        await BilledLives.ProveAsync(life);
    }

    private static async Task CancelAsync(Scenario life, ChangeWhen when) =>
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = when }, Token);
}
