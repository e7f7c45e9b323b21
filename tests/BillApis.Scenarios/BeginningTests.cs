namespace BillApis.Scenarios;

/// <summary>How subscriptions begin and end.</summary>
public sealed class BeginningTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_trial_becomes_paid(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro", with => with with { TrialDays = 14 });
        await life.GoToAsync("2026-02-16");
        await BillsAsync(life, """
            2026-01-15 invoice: 100.00
              fee 2026-01-15..2026-02-15: 100.00
            2026-02-15 invoice: 100.00
              fee 2026-02-15..2026-03-15: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_trial_that_is_canceled_costs_nothing(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { TrialDays = 14 });
        await life.GoToAsync("2026-01-10");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new Cancel(), TestContext.Current.CancellationToken);
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, "");
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_used_in_a_trial_is_free(string storage)
    {
        // 40 on January 5 in the trial, 60 on January 20 after it, at 0.50.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100), Offer.Usage("calls", "call", new PerUnitPrice(0.5m)));
        await life.SubscribeAsync("acme", "pro", with => with with { TrialDays = 14 });
        await life.UseAsync("acme", "call", 40, "2026-01-05");
        await life.UseAsync("acme", "call", 60, "2026-01-20");
        await life.GoToAsync("2026-02-16");
        await BillsAsync(life, """
            2026-01-15 invoice: 100.00
              fee 2026-01-15..2026-02-15: 100.00
            2026-02-15 invoice: 130.00
              calls × 60 2026-01-15..2026-02-15: 30.00
              fee 2026-02-15..2026-03-15: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_start_that_is_scheduled_is_waited_for(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-02-10") });
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-02-10 invoice: 100.00
              fee 2026-02-10..2026-03-10: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_start_in_the_past_bills_each_month_since(string storage)
    {
        await using var life = await StartAsync(storage, "2026-03-15");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-01-01") });
        await life.GoToAsync("2026-03-20");
        await BillsAsync(life, """
            2026-03-15 invoice: 100.00
              fee 2026-01-01..2026-02-01: 100.00
            2026-03-15 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
            2026-03-15 invoice: 100.00
              fee 2026-03-01..2026-04-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_fixed_end_cuts_the_last_month(string storage)
    {
        // March 1 to 10 are 9 of 31 days.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro", with => with with { EndAt = Day.Of("2026-03-10") });
        await life.GoToAsync("2026-06-01");
        await BillsAsync(life, """
            2026-01-01 invoice: 31.00
              fee 2026-01-01..2026-02-01: 31.00
            2026-02-01 invoice: 31.00
              fee 2026-02-01..2026-03-01: 31.00
            2026-03-01 invoice: 9.00
              fee 2026-03-01..2026-03-10 (9/31): 9.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_used_before_the_end_is_billed_at_the_end(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 10), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 3, "2026-01-31T23:59:59");
        await life.GoToAsync("2026-01-20");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription.Id.ToString(), new Cancel(), TestContext.Current.CancellationToken);
        await life.GoToAsync("2026-04-01");
        await BillsAsync(life, """
            2026-01-01 invoice: 10.00
              fee 2026-01-01..2026-02-01: 10.00
            2026-02-01 invoice: 3.00
              calls × 3 2026-01-01..2026-02-01: 3.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_setup_is_charged_once(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", new Offer("setup", new FlatPrice(50)) { With = terms => terms with { Interval = null, Timing = BillingTiming.InAdvance } }, Offer.Fee("fee", 10));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 60.00
              setup: 50.00
              fee 2026-01-01..2026-02-01: 10.00
            2026-02-01 invoice: 10.00
              fee 2026-02-01..2026-03-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_yearly_fee_and_monthly_usage_meet_once_a_year(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("year", 1200).Every(IntervalUnit.Year), Offer.Usage("calls", "call", new PerUnitPrice(0.01m)).Every(IntervalUnit.HalfYear));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 250, "2026-02-01");
        await life.UseAsync("acme", "call", 1_000, "2026-12-31");
        await life.GoToAsync("2027-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 1200.00
              year 2026-01-01..2027-01-01: 1200.00
            2026-07-01 invoice: 2.50
              calls × 250 2026-01-01..2026-07-01: 2.50
            2027-01-01 invoice: 1210.00
              calls × 1000 2026-07-01..2027-01-01: 10.00
              year 2027-01-01..2028-01-01: 1200.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Two_subscriptions_of_a_customer_are_billed_each_for_itself(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("one", Offer.Fee("one", 10));
        await life.PlanAsync("two", Offer.Fee("two", 20));
        await life.SubscribeAsync("acme", "one");
        await life.GoToAsync("2026-01-15");
        await life.SubscribeAsync("acme", "two");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 10.00
              one 2026-01-01..2026-02-01: 10.00
            2026-01-15 invoice: 20.00
              two 2026-01-15..2026-02-15: 20.00
            2026-02-01 invoice: 10.00
              one 2026-02-01..2026-03-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_a_subscription_names_count_instead_of_the_plans(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seat", 12.50m, quantity: 3));
        await life.SubscribeAsync("acme", "team");
        await life.SubscribeAsync("acme", "team", with => with with { Quantities = with.Quantities.Add("seat", 7) });
        await life.GoToAsync("2026-01-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Lines[0].Quantity, invoice.Total.Amount)).Order().ShouldBe([(3m, 37.50m), (7m, 87.50m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Lists_by_status_and_plan_are_what_is_so_now_though_nothing_was_written(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        var (basic, pro) = (await life.PlanAsync("basic", Offer.Fee("basic-fee", 10)), await life.PlanAsync("pro", Offer.Fee("pro-fee", 30)));
        await life.SubscribeAsync("acme", "basic", with => with with
        {
            StartAt = Day.Of("2026-01-10"), TrialDays = 14, EndAt = Day.Of("2026-06-01"), Phases = [new NewPhase(Day.Of("2026-03-01")) { Plan = "pro" }],
        });
        foreach (var (date, status, plan) in new[] { ("2026-01-02", "pending", basic), ("2026-01-10", "trialing", basic), ("2026-01-24", "active", basic), ("2026-03-01", "active", pro), ("2026-06-01", "expired", pro) })
        {
            life.Clock.MoveTo(Day.Of(date));
            foreach (var other in new[] { "pending", "trialing", "active", "expired", "canceled" })
            {
                (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery().With("status", other), TestContext.Current.CancellationToken)).Items.Count.ShouldBe(other == status ? 1 : 0, $"{other} on {date}");
            }

            (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery().With("plan_id", plan.Id.ToString()).With("status", status), TestContext.Current.CancellationToken)).Items.Count.ShouldBe(1, date);
        }
    }
}
