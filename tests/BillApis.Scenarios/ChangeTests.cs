using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Changes in the middle of June 2026, which has 30 days: basic costs 10.00 and pro 30.00 a month, in advance.</summary>
public sealed class ChangeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_charged_of_a_time_ahead_is_given_back_for_that_time(string storage)
    {
        // January was billed up to the 21st, at which it was to end, and then its last 11 days. Who leaves on the 11th has 10 days of the one and those 11 days of the other back.
        await using var life = await StartAsync(storage, "2025-12-31");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 31));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-01-01") });
        await ChangeOnAsync(life, "2025-12-31", new Cancel { At = Day.Of("2026-01-21") });
        await ChangeOnAsync(life, "2026-01-05", new Reactivate());
        await ChangeOnAsync(life, "2026-01-11", new Cancel { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-02-02");
        var invoices = await life.InvoicesAsync("acme");
        invoices.Select(invoice => invoice.Total.Amount).ShouldBe([20m, 11m, -21m], await life.BillsAsync("acme"));
        invoices[2].Lines.Where(line => line.GivesBack is not null).Select(line => (line.Amount.Amount, line.Period)).ShouldBe([(-10m, new Interval(Day.Of("2026-01-11"), Day.Of("2026-01-21"))), (-11m, new Interval(Day.Of("2026-01-21"), Day.Of("2026-02-01")))], ignoreOrder: true);
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Quantities_that_are_ahead_are_of_the_plan_that_there_is_then(string storage)
    {
        // Basic's 10.00 a month until July 1, then two seats at 5.00 for half of the month, and from July 16 at noon four.
        await using var life = await RunningAsync(storage, "basic");
        await life.PlanAsync("seats", Offer.Seats("seat", 5, quantity: 2));
        await ChangeAsync(life, new ChangePlan("seats") { When = ChangeWhen.PeriodEnd });
        var four = ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 4);
        await Should.ThrowAsync<BillingException>(() => ChangeAsync(life, new ChangeQuantities(four) { When = ChangeWhen.Immediate }));
        await ChangeAsync(life, new ChangeQuantities(four) { At = Day.Of("2026-07-16T12:00") });
        await life.GoToAsync("2026-08-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([10m, 5m, 10m, 20m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_upgrade_gives_back_the_unused_half_and_charges_half_of_the_new_price(string storage)
    {
        // 15 of 30 days are left: 30 × 1/2 = 15, less 10 × 1/2 = 5.
        await using var life = await RunningAsync(storage, "basic");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 10.00
              basic-fee 2026-06-01..2026-07-01: 10.00
            2026-06-16 invoice: 10.00
              pro-fee 2026-06-16..2026-07-01 (1/2): 15.00
              basic-fee: unused time 2026-06-16..2026-07-01 (1/2): -5.00
            2026-07-01 invoice: 30.00
              pro-fee 2026-07-01..2026-08-01: 30.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_upgrade_on_the_last_second_pays_one_second(string storage)
    {
        // June has 2,592,000 seconds: 25,920.00 a month are a cent a second, 259,200.00 are ten.
        await using var life = await RunningAsync(storage, "basic", 25_920, 259_200);
        await life.GoToAsync("2026-06-30T23:59:59");
        await ChangeAsync(life, new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-01");
        await BillsAsync(life, """
            2026-06-01 invoice: 25920.00
              basic-fee 2026-06-01..2026-07-01: 25920.00
            2026-06-30T23:59:59 invoice: 0.09
              pro-fee 2026-06-30T23:59:59..2026-07-01 (1/2592000): 0.10
              basic-fee: unused time 2026-06-30T23:59:59..2026-07-01 (1/2592000): -0.01
            2026-07-01 invoice: 259200.00
              pro-fee 2026-07-01..2026-08-01: 259200.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_downgrade_leaves_credit_that_pays_the_next_months(string storage)
    {
        // 10 × 1/2 = 5, less 30 × 1/2 = 15: 10 are the customer's, and pay July.
        await using var life = await RunningAsync(storage, "pro");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("basic") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              pro-fee 2026-06-01..2026-07-01: 30.00
            2026-06-16 invoice: -10.00, due 0.00 (paid)
              basic-fee 2026-06-16..2026-07-01 (1/2): 5.00
              pro-fee: unused time 2026-06-16..2026-07-01 (1/2): -15.00
            2026-07-01 invoice: 10.00, due 0.00 (paid)
              basic-fee 2026-07-01..2026-08-01: 10.00
              paid credit: -10.00
            2026-08-01 invoice: 10.00
              basic-fee 2026-08-01..2026-09-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_with_the_periods_end_bills_the_running_month_as_it_was(string storage)
    {
        await using var life = await RunningAsync(storage, "pro");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("basic") { When = ChangeWhen.PeriodEnd });
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              pro-fee 2026-06-01..2026-07-01: 30.00
            2026-07-01 invoice: 10.00
              basic-fee 2026-07-01..2026-08-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_cancels_at_once_gets_the_unused_time_back(string storage)
    {
        await using var life = await RunningAsync(storage, "pro");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new Cancel { When = ChangeWhen.Immediate, Proration = ChangeProration.Prorate });
        await life.GoToAsync("2026-08-02");
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Paid.Amount.ShouldBe(15m);
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              pro-fee 2026-06-01..2026-07-01: 30.00
            2026-06-16 invoice: -15.00, due 0.00 (paid)
              pro-fee: unused time 2026-06-16..2026-07-01 (1/2): -15.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Two_more_seats_are_paid_from_the_day_they_come(string storage)
    {
        // 3 × 10 were paid; 5 × 10 × 1/2 = 25, less 3 × 10 × 1/2 = 15.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seat", 10, quantity: 3));
        await life.SubscribeAsync("acme", "team");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 5)) { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([30m, 10m, 50m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_cancellation_that_is_taken_back_in_time_changes_nothing(string storage)
    {
        await using var life = await RunningAsync(storage, "basic");
        await life.GoToAsync("2026-06-10");
        await ChangeAsync(life, new Cancel());
        await life.GoToAsync("2026-06-20");
        await ChangeAsync(life, new Reactivate());
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 10.00
              basic-fee 2026-06-01..2026-07-01: 10.00
            2026-07-01 invoice: 10.00
              basic-fee 2026-07-01..2026-08-01: 10.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_price_that_was_agreed_on_counts_instead_of_the_plans(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        var plan = await life.PlanAsync("basic", Offer.Fee("fee", 10));
        var terms = plan.Latest.Items[0].Price.Terms with { Model = new FlatPrice(8) };
        await life.SubscribeAsync("acme", "basic", with => with with { Prices = with.Prices.Add("fee", terms) });
        await life.GoToAsync("2026-06-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 8.00
              fee 2026-06-01..2026-07-01: 8.00
            """);
        (await life.Billing.Explanations.InvoiceAsync(life.Tenant, (await life.InvoicesAsync("acme"))[0].Id.ToString(), cancellationToken: Token)).Lines.ShouldAllBe(line => line.Agrees);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_is_paid_at_the_price_of_its_day(string storage)
    {
        // 10 calls on June 5 at 1.00, 20 on June 20 at 3.00.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("old", Offer.Usage("old-calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("new", Offer.Usage("new-calls", "call", new PerUnitPrice(3)));
        await life.SubscribeAsync("acme", "old");
        await life.UseAsync("acme", "call", 10, "2026-06-05");
        await life.UseAsync("acme", "call", 20, "2026-06-20");
        await life.GoToAsync("2026-06-11");
        await ChangeAsync(life, new ChangePlan("new") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => !line.Amount.IsZero).Select(line => (line.Quantity, line.Amount.Amount)).ShouldBe([(10m, 10m), (20m, 60m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_pause_over_the_end_of_a_period_is_not_paid_for(string storage)
    {
        // Paused from June 16 to July 16: of what was paid for June and what July 16 to August 1 costs, 30 × 15/30 come back and 30 × 16/31 = 15.48 are charged.
        await using var life = await RunningAsync(storage, "pro");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new Pause { When = ChangeWhen.Immediate, Proration = ChangeProration.Prorate, ResumeAt = Day.Of("2026-07-16") });
        await life.GoToAsync("2026-08-02");
        var lines = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => (Day.Write(line.Period!.Value.Start), Day.Write(line.Period!.Value.End), line.Amount.Amount));
        lines.ShouldBe([("2026-06-01", "2026-07-01", 30m), ("2026-06-16", "2026-07-01", -15m), ("2026-07-16", "2026-08-01", 15.48m), ("2026-08-01", "2026-09-01", 30m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_as_of_last_week_that_takes_the_place_of_one_that_is_ahead_is_billed_as_it_was_previewed(string storage)
    {
        // On the 21st the change of July 1 is withdrawn for one as of the 16th: 30 × 1/2 = 15, less 10 × 1/2 = 5.
        await using var life = await RunningAsync(storage, "basic");
        await ChangeAsync(life, new ChangePlan("pro") { When = ChangeWhen.PeriodEnd });
        await life.GoToAsync("2026-06-21");
        var (change, id) = (new ChangePlan("pro") { At = Day.Of("2026-06-16") }, await SubscriptionAsync(life));
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, id, change, Token);
        var changed = await life.Billing.Changes.ApplyAsync(life.Tenant, id, change, Token);
        (preview.At, preview.Invoice?.Total.Amount).ShouldBe((Day.Of("2026-06-16"), 10m));
        (changed.At, changed.Invoice?.Id, changed.Invoice?.Total.Amount).ShouldBe((Day.Of("2026-06-16"), preview.Invoice?.Id, 10m));
        await life.GoToAsync("2026-07-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([10m, 10m, 30m]);
    }

    private static async Task ChangeAsync(Scenario life, SubscriptionChange change)
    {
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), change, Token);
        await life.RunAsync();
    }

    private async Task<Scenario> RunningAsync(string storage, string plan, decimal basic = 10, decimal pro = 30)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", basic));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", pro));
        await life.SubscribeAsync("acme", plan);
        await life.GoToAsync("2026-06-01");
        return life;
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_that_became_more_without_proration_are_settled_with_the_plan(string storage)
    {
        // Five seats of 31.00, and from 5 January ten, for nothing until February. The plan changes on the 10th: of 22 of 31 days five come back and ten are charged.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        var seats = Offer.Seats("seats", 31, 5);
        await life.PlanAsync("basic", seats);
        await life.PlanAsync("pro", seats, Offer.Fee("support", 0));
        var id = (await life.SubscribeAsync("acme", "basic")).Id.ToString();
        await life.GoToAsync("2026-01-05");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", 10)) { When = ChangeWhen.Immediate, Proration = ChangeProration.None }, Token);
        await life.GoToAsync("2026-01-10");
        await life.Billing.Changes.ApplyAsync(life.Tenant, id, new ChangePlan("pro") { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe([155m, 110m]);
        await BilledLives.VerifyAsync(life);
    }
}
