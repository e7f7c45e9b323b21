using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Ends, returns and changes that are ahead, withdrawn and made again.</summary>
public sealed class EndAndReturnTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_comes_back_after_the_end_pays_from_the_day_that_is_said(string storage)
    {
        // Ended on February 1 and back as of the 6th, told on the 11th: 23 of 28 days. Usage of the 3rd is nobody's, that of the 8th is charged.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 28), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 2, "2026-01-20");
        await ChangeOnAsync(life, "2026-01-10", new Cancel());
        await life.GoToAsync("2026-02-03");
        await life.UseAsync("acme", "call", 10, "2026-02-03");
        await life.GoToAsync("2026-02-08");
        await life.UseAsync("acme", "call", 5, "2026-02-08");
        await ChangeOnAsync(life, "2026-02-11", new Reactivate { At = Day.Of("2026-02-06") });
        await life.UseAsync("acme", "call", 1, "2026-02-12");
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-01-01 invoice: 28.00
              fee 2026-01-01..2026-02-01: 28.00
            2026-02-01 invoice: 2.00
              calls × 2 2026-01-01..2026-02-01: 2.00
            2026-02-11 invoice: 23.00
              fee 2026-02-06..2026-03-01 (23/28): 23.00
            2026-03-01 invoice: 34.00
              calls × 6 2026-02-06..2026-03-01: 6.00
              fee 2026-03-01..2026-04-01: 28.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_left_without_money_back_and_returns_in_the_month_pays_nothing_again(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 30), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 2, "2026-06-05");
        await life.UseAsync("acme", "call", 4, "2026-06-15");
        await life.UseAsync("acme", "call", 6, "2026-06-25");
        await ChangeOnAsync(life, "2026-06-11", new Cancel { When = ChangeWhen.Immediate, Proration = ChangeProration.None });
        await ChangeOnAsync(life, "2026-06-21", new Reactivate());
        await life.GoToAsync("2026-07-01");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-01", 30m), ("2026-06-11", 2m), ("2026-07-01", 36m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_end_at_noon_that_is_known_ahead_and_taken_back_is_charged_in_two_halves(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-06-20", new Cancel { At = Day.Of("2026-07-16T12:00") });
        (await life.Billing.Previews.UpcomingAsync(life.Tenant, await SubscriptionAsync(life), Token))!.Total.Amount.ShouldBe(15.50m);
        await ChangeOnAsync(life, "2026-07-10", new Reactivate());
        await life.GoToAsync("2026-08-01");
        var invoices = await life.InvoicesAsync("acme");
        invoices.Select(invoice => invoice.Total.Amount).ShouldBe([31m, 15.50m, 15.50m, 31m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_downgrade_that_was_withdrawn_and_made_again_is_made_once(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 10));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 30));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-06-10", new ChangePlan("basic") { When = ChangeWhen.PeriodEnd });
        (await UpcomingAsync(life)).Total.Amount.ShouldBe(10m);
        var first = (await life.Billing.Subscriptions.GetAsync(life.Tenant, await SubscriptionAsync(life), Token)).Timeline.Entries[^1].Number;
        await ChangeOnAsync(life, "2026-06-15", new Withdraw(first));
        (await UpcomingAsync(life)).Total.Amount.ShouldBe(30m);
        await life.GoToAsync("2026-06-20");
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, await SubscriptionAsync(life), new ChangePlan("basic") { When = ChangeWhen.PeriodEnd }, Token);
        await ChangeOnAsync(life, "2026-06-20", new ChangePlan("basic") { When = ChangeWhen.PeriodEnd });
        await life.GoToAsync("2026-07-01");
        (await life.InvoicesAsync("acme"))[^1].Id.ShouldBe(preview.Invoice!.Id);
        await ChangeOnAsync(life, "2026-07-16", new ChangePlan("pro") { When = ChangeWhen.Immediate, Proration = ChangeProration.Full });
        await life.GoToAsync("2026-08-01");
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              pro-fee 2026-06-01..2026-07-01: 30.00
            2026-07-01 invoice: 10.00
              basic-fee 2026-07-01..2026-08-01: 10.00
            2026-07-16 invoice: 20.00
              pro-fee 2026-07-01..2026-08-01: 30.00
              basic-fee: unused time 2026-07-01..2026-08-01: -10.00
            2026-08-01 invoice: 30.00
              pro-fee 2026-08-01..2026-09-01: 30.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_quarter_becomes_a_year_with_a_setup(string storage)
    {
        // 45 of 90 days come back.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("quarter", Offer.Fee("quarter-fee", 90).Every(IntervalUnit.Quarter));
        await life.PlanAsync("year", Offer.Fee("year-fee", 365).Every(IntervalUnit.Year), new Offer("setup", new FlatPrice(25)) { With = terms => terms with { Interval = null, Timing = BillingTiming.InAdvance } });
        await life.SubscribeAsync("acme", "quarter");
        await ChangeOnAsync(life, "2026-02-15", new ChangePlan("year") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-12-01", new Cancel());
        await life.GoToAsync("2027-06-01");
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-01-01", 90m), ("2026-02-15", 345m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_change_before_a_scheduled_start_with_a_trial_are_charged_as_it_ends(string storage)
    {
        await using var life = await StartAsync(storage, "2026-02-10");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seat", 10, 2));
        await life.PlanAsync("pro", Offer.Seats("pro-seat", 15, 2));
        await life.SubscribeAsync("acme", "team", with => with with { StartAt = Day.Of("2026-02-28"), TrialDays = 3 });
        await ChangeOnAsync(life, "2026-02-20", new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 4)) { When = ChangeWhen.PeriodEnd });
        await ChangeOnAsync(life, "2026-03-01", new ChangePlan("pro") { When = ChangeWhen.PeriodEnd, Quantities = ImmutableSortedDictionary<string, decimal>.Empty.Add("pro-seat", 5) });
        await life.GoToAsync("2026-04-03");
        await BillsAsync(life, """
            2026-03-03 invoice: 75.00
              pro-seat × 5 2026-03-03..2026-04-03: 75.00
            2026-04-03 invoice: 75.00
              pro-seat × 5 2026-04-03..2026-05-03: 75.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Steps_of_seats_and_a_pause_without_proration_over_the_months_end(string storage)
    {
        // 299.00 and 99.00 by halves. Paused from June 21 to July 11 without money back: of July 21 of 31 days.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", new Offer("seat", new StairstepPrice([new Tier(10, 0, 99), new Tier(null, 0, 299)])) { Quantity = 8, With = terms => terms with { Timing = BillingTiming.InAdvance } });
        await life.SubscribeAsync("acme", "team");
        await ChangeOnAsync(life, "2026-06-16", new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 12)) { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-06-21", new Pause { When = ChangeWhen.Immediate, Proration = ChangeProration.None, ResumeAt = Day.Of("2026-07-11") });
        await life.GoToAsync("2026-08-01");
        (await life.InvoicesAsync("acme")).Where(invoice => !invoice.Total.IsZero).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount)).ShouldBe([("2026-06-01", 99m), ("2026-06-16", 100m), ("2026-07-11", 202.55m), ("2026-08-01", 299m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [InlineData("sqlite", null, ChangeWhen.Immediate, -54362)]
    [InlineData("postgres", null, ChangeWhen.Immediate, -54362)]
    [InlineData("sqlite", ChangeProration.None, ChangeWhen.Immediate, 1200)]
    [InlineData("postgres", ChangeProration.None, ChangeWhen.Immediate, 1200)]
    [InlineData("sqlite", ChangeProration.Full, ChangeWhen.Immediate, -118800)]
    [InlineData("postgres", ChangeProration.Full, ChangeWhen.Immediate, -118800)]
    [InlineData("sqlite", ChangeProration.Prorate, ChangeWhen.PeriodEnd, -49101)]
    [InlineData("postgres", ChangeProration.Prorate, ChangeWhen.PeriodEnd, -49101)]
    [InlineData("sqlite", ChangeProration.None, ChangeWhen.PeriodEnd, 1200)]
    [InlineData("postgres", ChangeProration.None, ChangeWhen.PeriodEnd, 1200)]
    public async Task A_year_that_is_canceled_in_its_seventh_month_gives_back_what_is_said(string storage, ChangeProration? proration, ChangeWhen when, int last)
    {
        // 169 of 365 days of 1,200.00 are 555.62, from August on 153 are 503.01; 12.00 of calls in July.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("year", 1_200).Every(IntervalUnit.Year), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 12, "2026-07-10");
        await ChangeOnAsync(life, "2026-07-16", new Cancel { When = when, Proration = proration });
        await life.GoToAsync("2026-08-20");
        await life.UseAsync("acme", "call", 5, "2026-07-11");
        await life.GoToAsync("2027-02-01");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([1_200m, 0, 0, 0, 0, 0, 0, last / 100m, 5m]);
        await BilledLives.ProveAsync(life);
    }
}
