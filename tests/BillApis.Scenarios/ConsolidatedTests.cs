using BillApis.Cli.Verification;
using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Several subscriptions of one customer on one invoice: base costs 100.00 and team 50.00 a month in advance, and calls 1.00 each in arrears.</summary>
public sealed class ConsolidatedTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_falls_due_together_is_one_invoice_with_one_tax(string storage)
    {
        // 100 + 50, and half of the team's 50 off: 125, VAT 23.75. February has 10 calls: 135, VAT 25.65.
        await using var life = await RunningAsync(storage, discounted: true);
        await life.UseAsync("acme", "call", 10, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 148.75
              base-fee 2026-01-01..2026-02-01: 100.00
              team-fee 2026-01-01..2026-02-01: 50.00
              coupon HALF: -25.00
              VAT 19 % on 125.00: 23.75
            2026-02-01 invoice: 160.65
              calls × 10 2026-01-01..2026-02-01: 10.00
              base-fee 2026-02-01..2026-03-01: 100.00
              team-fee 2026-02-01..2026-03-01: 50.00
              coupon HALF: -25.00
              VAT 19 % on 135.00: 25.65
            """);

        var (base_, team) = (await SubscriptionAsync(life, "base"), await SubscriptionAsync(life, "team"));
        var invoice = (await life.InvoicesAsync("acme"))[1];
        (invoice.Kind, invoice.Subscription, string.Join(" ", invoice.Subscriptions())).ShouldBe((InvoiceKind.Consolidated, null, $"{base_.Id} {team.Id}"));
        (invoice.PartOf(base_.Id).Subtotal.Amount, invoice.PartOf(team.Id).Subtotal.Amount, invoice.PartOf(team.Id).DiscountTotal.Amount).ShouldBe((110m, 50m, 25m));
        (await life.Billing.Invoices.ListAsync(life.Tenant, new StoreQuery().With("subscription_id", team.Id.ToString()), Token)).Items.Count.ShouldBe(2);
        (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines.ShouldAllBe(line => line.Agrees && line.Price != null);
        await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_subscription_previews_the_invoice_that_bills_it(string storage)
    {
        await using var life = await RunningAsync(storage, discounted: true);
        await life.UseAsync("acme", "call", 10, "2026-01-20");
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.GoToAsync("2026-02-01");
        await life.UseAsync("acme", "call", 7, "2026-02-10");
        life.Clock.MoveTo(Day.Of("2026-03-01"));
        var previews = new[] { await PreviewAsync(life, "base"), await PreviewAsync(life, "team") };
        var dry = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, dryRun: true, cancellationToken: Token);
        await life.RunAsync();
        var issued = (await life.InvoicesAsync("acme"))[^1];
        string[] left = ["status", "seal", "version", "number", "issued_at", "due_at"];
        foreach (var preview in previews)
        {
            CanonicalJson.Of(preview, left).ShouldBe(CanonicalJson.Of(issued, left));
        }

        (dry.InvoicesCreated, dry.Totals.Single()).ShouldBe((1, issued.Total));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_has_an_invoice_of_its_own_where_it_or_its_customer_says_so_or_its_boundary_is_another(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await CatalogAsync(life);
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.CustomerAsync("other");
        await life.SubscribeAsync("acme", "base", with => with with { ConsolidateInvoices = false });
        foreach (var customer in new[] { "acme", "other" })
        {
            await life.SubscribeAsync(customer, "team");
            await life.SubscribeAsync(customer, "extra", with => with with { StartAt = Day.Of(customer is "acme" ? "2026-01-01" : "2026-01-02") });
        }

        await life.GoToAsync("2026-01-05");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Order().ShouldBe([70m, 100m]);
        (await life.InvoicesAsync("other")).Select(invoice => invoice.Total.Amount).ShouldBe([50m, 20m]);

        // From now on its invoices are one too, once their boundaries are.
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { ConsolidateInvoices = false }, Token);
        await life.GoToAsync("2026-02-01");
        (await life.InvoicesAsync("acme")).Skip(2).Select(invoice => invoice.Total.Amount).Order().ShouldBe([20m, 50m, 100m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_in_mid_period_gives_back_its_own_part_of_the_common_invoice(string storage)
    {
        // On January 16 and a half of 31 days are left: 15.5 days. Base costs 100 × 1/2 = 50 less, and extra 20 × 1/2 = 10 more; February has both on one invoice again.
        await using var life = await RunningAsync(storage);
        await life.GoToAsync("2026-01-16T12:00");
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await SubscriptionAsync(life, "base")).Id.ToString(), new ChangePlan("extra") { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 178.50
              base-fee 2026-01-01..2026-02-01: 100.00
              team-fee 2026-01-01..2026-02-01: 50.00
              VAT 19 % on 150.00: 28.50
            2026-01-16T12:00 invoice: -47.60, due 0.00 (paid)
              calls × 0 2026-01-01..2026-01-16T12:00: 0.00
              extra-fee 2026-01-16T12:00..2026-02-01 (1/2): 10.00
              base-fee: unused time 2026-01-16T12:00..2026-02-01 (1/2): -50.00
              VAT 19 % on -40.00: -7.60
            2026-02-01 invoice: 83.30, due 35.70
              extra-fee 2026-02-01..2026-03-01: 20.00
              team-fee 2026-02-01..2026-03-01: 50.00
              paid credit: -47.60
              VAT 19 % on 70.00: 13.30
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_credit_memo_took_back_of_a_line_is_not_given_back_again(string storage)
    {
        // 60 of the 100 are taken back with their tax, 71.40. Half of the month is 50, of which 40 are left.
        await using var life = await RunningAsync(storage);
        await life.GoToAsync("2026-01-16T12:00");
        var invoice = (await life.InvoicesAsync("acme")).Single();
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Too much") { Lines = [new NewCreditMemoLine(invoice.Lines[0].Id, 71.40m)] }, Token);
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await SubscriptionAsync(life, "base")).Id.ToString(), new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(item => (item.Subtotal.Amount, item.Total.Amount)).ShouldBe([(150m, 178.5m), (-40m, -47.6m)]);
        await BooksAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_is_taken_back_of_the_subscription_that_it_was_billed_for(string storage)
    {
        // 10 calls of January were 3: 7.00 and their tax, 8.33.
        await using var life = await RunningAsync(storage);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = LateUsagePolicy.CreditMemo }, Token);
        await life.UseAsync("acme", "call", 3, "2026-01-20");
        var wrong = await life.UseAsync("acme", "call", 7, "2026-01-21");
        await life.GoToAsync("2026-02-02");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-03");
        var memo = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.ShouldHaveSingleItem();
        (memo.Total.Amount, memo.Subscription, memo.Invoice).ShouldBe((8.33m, (await SubscriptionAsync(life, "base")).Id, (await life.InvoicesAsync("acme"))[1].Id));
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme"))[2].Subtotal.Amount.ShouldBe(150m, "nothing is left to adjust");
        await BooksAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_is_adjusted_on_the_next_common_invoice_once(string storage)
    {
        await using var life = await RunningAsync(storage);
        await life.UseAsync("acme", "call", 3, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        await life.UseAsync("acme", "call", 4, "2026-01-22");
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Subtotal.Amount).ShouldBe([150m, 153m, 154m, 150m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_stands_in_the_place_of_a_common_invoice_pays_for_each_of_them(string storage)
    {
        await using var life = await RunningAsync(storage);
        await life.GoToAsync("2026-01-05");
        var replacement = await life.Billing.Invoices.ReissueAsync(life.Tenant, (await life.InvoicesAsync("acme")).Single().Id.ToString(), Token);
        await life.Billing.Invoices.IssueAsync(life.Tenant, replacement.Id.ToString(), Token);
        await life.GoToAsync("2026-01-16T12:00");
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await SubscriptionAsync(life, "base")).Id.ToString(), new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-02-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.Subtotal.Amount))
            .ShouldBe([(InvoiceStatus.Canceled, 150m), (InvoiceStatus.Issued, 150m), (InvoiceStatus.Paid, -50m), (InvoiceStatus.Paid, 50m)]);
        await BooksAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_meets_its_own_commitment(string storage)
    {
        // Base commits to 130: 100 + 10 calls, 20 are missing. Team has none.
        await using var life = await RunningAsync(storage, commitment: new MinimumCommitment(Money.Of(130, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)));
        await life.UseAsync("acme", "call", 10, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        (await life.InvoicesAsync("acme"))[1].Lines.Select(line => (line.Kind, line.Amount.Amount))
            .ShouldBe([(LineKind.Usage, 10m), (LineKind.Flat, 100m), (LineKind.Commitment, 20m), (LineKind.Flat, 50m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_of_several_subscriptions_is_looked_at_and_issued_as_one(string storage)
    {
        await using var life = await RunningAsync(storage);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual }, Token);
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.RunAsync();
        var draft = (await life.InvoicesAsync("acme"))[^1];
        await life.Billing.Drafts.AddLineAsync(life.Tenant, draft.Id.ToString(), new NewInvoiceLine("Goodwill", -5, 1), cancellationToken: Token);
        await life.UseAsync("acme", "call", 2, "2026-01-31");
        var issued = await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token);
        (issued.Status, issued.Subtotal.Amount, issued.Sections.Length).ShouldBe((InvoiceStatus.Issued, 147m, 2));
        foreach (var plan in new[] { "base", "team" })
        {
            (await SubscriptionAsync(life, plan)).NextBillingAt.ShouldBe(Day.Of("2026-03-01"));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_that_lags_behind_catches_up_before_both_are_billed_together(string storage)
    {
        // 1.00 for every 31 days: one from January 1, the other from December 1, so that all three have January 1 and February 1 in common.
        await using var life = await StartAsync(storage, "2026-01-01");
        await CatalogAsync(life);
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.PlanAsync("days", Offer.Fee("days-fee", 1).Every(IntervalUnit.Day, 31));
        await life.SubscribeAsync("acme", "base");
        await life.SubscribeAsync("acme", "days");
        await life.SubscribeAsync("acme", "days", with => with with { StartAt = Day.Of("2025-12-01") });
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.RunAsync();
        (await life.InvoicesAsync("acme")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Lines.Length, invoice.Total.Amount)).Order()
            .ShouldBe([("2025-12-01", 1, 1m), ("2026-01-01", 3, 102m), ("2026-02-01", 4, 102m)]);
    }

    private static async Task BooksAsync(Scenario life)
    {
        (await life.Billing.Documents.VerifyAsync(life.Tenant, Token)).Faults.ShouldBeEmpty();
        (await life.Billing.Books.TrialBalanceAsync(life.Tenant, null, Token)).Totals.ShouldAllBe(total => total.Debits == total.Credits);
    }

    private static async Task<Invoice> PreviewAsync(Scenario life, string plan) => (await life.Billing.Previews.UpcomingAsync(life.Tenant, (await SubscriptionAsync(life, plan)).Id.ToString(), Token))!;

    private static async Task<Subscription> SubscriptionAsync(Scenario life, string plan)
    {
        var id = (await life.Billing.Plans.GetAsync(life.Tenant, plan, Token)).Id;
        return (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.Single(subscription => subscription.Plan == id);
    }

    private static async Task CatalogAsync(Scenario life)
    {
        await life.PlanAsync("base", Offer.Fee("base-fee", 100), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("team", Offer.Fee("team-fee", 50));
        await life.PlanAsync("extra", Offer.Fee("extra-fee", 20));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_section_names_the_plans_that_its_lines_belong_to(string storage)
    {
        // January's 10 calls are charged by base, February's fee by the plan that follows; the one that has only calls left is named by what they were charged by.
        await using var life = await RunningAsync(storage);
        await life.PlanAsync("next", Offer.Fee("next-fee", 70));
        await life.UseAsync("acme", "call", 10, "2026-01-20");
        await life.GoToAsync("2026-01-25");
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await SubscriptionAsync(life, "base")).Id.ToString(), new ChangePlan("next") { When = ChangeWhen.PeriodEnd }, Token);
        await life.GoToAsync("2026-03-02");
        var sections = (await life.InvoicesAsync("acme")).Select(invoice => string.Join(" | ", invoice.Sections.Select(section => section.Description)));
        sections.ShouldBe(["base | team", "base, next | team", "next | team"]);
    }

    private async Task<Scenario> RunningAsync(string storage, bool discounted = false, MinimumCommitment? commitment = null)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await CatalogAsync(life);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE", ConsolidateInvoices = true });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever } }, Token);
        await life.SubscribeAsync("acme", "base", with => with with { Commitment = commitment });
        await life.SubscribeAsync("acme", "team", with => with with { Coupons = discounted ? ["HALF"] : [] });
        await life.RunAsync();
        return life;
    }
}
