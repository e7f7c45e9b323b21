using System.Globalization;

namespace BillApis.Scenarios;

/// <summary>What becomes of invoices, and what that leaves to give back: drafts that are edited, invoices that are withdrawn, given up, credited and numbered by who sells.</summary>
public sealed class InvoiceFateTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_off_charges_are_edited_issued_reissued_credited_and_given_up(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-31");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ValidTo = Day.Of("2026-02-01") }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 21, ValidFrom = Day.Of("2026-02-01") }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 7, TaxCategory = "books" }, Token);
        var draft = await life.Billing.Invoices.CreateAsync(life.Tenant, new NewInvoice("acme", Usd, [new("consulting", 1_234.56m), new("books", 19.99m, 3, "books")]), Token);
        var id = draft.Id.ToString();
        draft = await life.Billing.Drafts.AddLineAsync(life.Tenant, id, new NewInvoiceLine("travel", 45.50m, 2), "ann", Token);
        draft = await life.Billing.Drafts.ChangeLineAsync(life.Tenant, id, draft.Lines[1].Id, line => line with { Quantity = 5 }, "bob", Token);
        draft.TaxLines.Select(tax => (tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(1_325.56m, 251.86m), (99.95m, 7m)]);
        draft = await life.Billing.Drafts.RemoveLineAsync(life.Tenant, id, draft.Lines[2].Id, "ann", Token);
        draft = await life.Billing.Drafts.DescribeAsync(life.Tenant, id, "As agreed", "PO-7", "bob", Token);
        draft.Edits.Select(edit => edit.By).ShouldBe(["ann", "bob", "ann", "bob"]);
        await life.GoToAsync("2026-02-02");
        await life.Billing.Invoices.IssueAsync(life.Tenant, id, Token);
        await life.GoToAsync("2026-02-03");
        var again = await life.Billing.Invoices.ReissueAsync(life.Tenant, id, Token);
        var issued = await life.Billing.Invoices.IssueAsync(life.Tenant, again.Id.ToString(), Token);
        (issued.DisplayNumber, issued.Total.Amount, issued.PurchaseOrder, Day.Write(issued.DueAt!.Value)).ShouldBe(("INV-000002", 1_576.08m, "PO-7", "2026-03-05"));
        await life.Billing.Invoices.PayAsync(life.Tenant, issued.Id.ToString(), 500, "bank 1", Token);
        await life.GoToAsync("2026-02-10");
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(issued.Id.ToString(), "Goodwill") { Amount = 100 }, Token);
        memo.Lines.Select(line => (line.Net.Amount, line.Tax.Amount)).ShouldBe([(78.33m, 14.88m), (6.34m, 0.45m)]);
        await life.Billing.Invoices.WriteOffAsync(life.Tenant, issued.Id.ToString(), Token);
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Invoices.PayAsync(life.Tenant, issued.Id.ToString(), 976.08m, "bank 2", Token))).Message.ShouldContain("written off");
        await BillsAsync(life, """
            2026-02-02 one-off invoice: 1576.08, due 0.00 (canceled)
              consulting × 1: 1234.56
              books × 5: 99.95
              VAT 19 % on 1234.56: 234.57
              VAT 7 % on 99.95: 7.00
            2026-02-03 one-off invoice: 1576.08, due 0.00 (written off)
              consulting × 1: 1234.56
              books × 5: 99.95
              VAT 19 % on 1234.56: 234.57
              VAT 7 % on 99.95: 7.00
            2026-02-10 credit memo: 100.00
            """);
        var balances = await BalancesAsync(life);
        balances.Single(item => item.Key.StartsWith("bad_debt", StringComparison.Ordinal)).Value.ShouldBe(97_608);
        balances.Single(item => item.Key.StartsWith("tax_payable", StringComparison.Ordinal)).Value.ShouldBe(-(24_157 - 1_533));
        balances.Single(item => item.Key.StartsWith("revenue", StringComparison.Ordinal)).Value.ShouldBe(-(133_451 - 8_467));
        balances.Single(item => item.Key.StartsWith("receivable", StringComparison.Ordinal)).Value.ShouldBe(0);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [InlineData("sqlite", "2026-01-30T23:00Z", "2026-03-02")]
    [InlineData("postgres", "2026-01-30T23:00Z", "2026-03-02")]
    [InlineData("sqlite", "2026-03-14T23:00Z", "2026-04-14")]
    [InlineData("postgres", "2026-03-14T23:00Z", "2026-04-14")]
    [InlineData("sqlite", "2026-09-30T22:00Z", "2026-10-31")]
    [InlineData("postgres", "2026-09-30T22:00Z", "2026-10-31")]
    public async Task Thirty_days_are_thirty_days_of_the_customers_calendar(string storage, string start, string due)
    {
        await using var life = await StartAsync(storage, start);
        await life.CustomerAsync(zone: "Europe/Berlin", with: customer => customer with { PaymentTermsDays = 30 });
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.RunAsync();
        var invoice = (await life.InvoicesAsync("acme")).Single();
        var parties = await life.Billing.Documents.PartiesAsync(invoice, Token);
        parties.DateOf(invoice.DueAt!.Value).ToString("uuuu-MM-dd", CultureInfo.InvariantCulture).ShouldBe(due);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_legal_entity_has_its_numbers_and_memos_are_of_the_invoices_entity(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var de = await life.Billing.LegalEntities.CreateAsync(life.Tenant, new LegalEntity { Code = "de", Name = "Example GmbH", Country = "DE", TaxId = "DE123456789", InvoiceSeries = "DE", CreditMemoSeries = "DEC" }, Token);
        var us = await life.Billing.LegalEntities.CreateAsync(life.Tenant, new LegalEntity { Code = "us", Name = "Example Inc", Country = "US", TaxId = "12-3456789", InvoiceSeries = "US", CreditMemoSeries = "USC" }, Token);
        await life.CustomerAsync(with: customer => customer with { LegalEntity = de.Id });
        await life.CustomerAsync("other", with: customer => customer with { LegalEntity = us.Id });
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.SubscribeAsync("other", "pro");
        await life.GoToAsync("2026-01-15");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { LegalEntity = us.Id }, Token);
        await life.GoToAsync("2026-02-01");
        var first = (await life.InvoicesAsync("acme"))[0];
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(first.Id.ToString(), "Goodwill") { Amount = 10 }, Token);
        var numbers = (await life.InvoicesAsync("acme")).Concat(await life.InvoicesAsync("other")).Select(invoice => (invoice.DisplayNumber, invoice.Seller?.Name)).ToList();
        numbers.ShouldContain(("DE-000001", "Example GmbH"));
        numbers.Where(number => number.Name is "Example Inc").Select(number => number.DisplayNumber).Order().ShouldBe(["US-000001", "US-000002", "US-000003"]);
        memo.DisplayNumber.ShouldBe("DEC-000001");
        var chain = await life.Billing.Documents.VerifyAsync(life.Tenant, Token);
        chain.Faults.ShouldBeEmpty();
        chain.Series.Length.ShouldBe(3);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [InlineData("sqlite", "cancel", 30)]
    [InlineData("postgres", "cancel", 30)]
    [InlineData("sqlite", "write-off", 30)]
    [InlineData("postgres", "write-off", 30)]
    [InlineData("sqlite", "reissue", 15)]
    [InlineData("postgres", "reissue", 15)]
    [InlineData("sqlite", "memo", 20)]
    [InlineData("postgres", "memo", 20)]
    public async Task An_upgrade_gives_back_of_what_became_of_the_months_invoice(string storage, string deed, int upgrade)
    {
        // Half of pro's 60.00, less half of the 30.00 that were billed: nothing of what was withdrawn or given up, and of a memo of 20.00 only the 10.00 that it left.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 30));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 60));
        await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-06-05");
        var id = (await life.InvoicesAsync("acme")).Single().Id.ToString();
        switch (deed)
        {
            case "cancel":
                await life.Billing.Invoices.CancelAsync(life.Tenant, id, Token);
                break;
            case "write-off":
                await life.Billing.Invoices.WriteOffAsync(life.Tenant, id, Token);
                break;
            case "reissue":
                await life.Billing.Invoices.IssueAsync(life.Tenant, (await life.Billing.Invoices.ReissueAsync(life.Tenant, id, Token)).Id.ToString(), Token);
                break;
            default:
                await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(id, "Goodwill") { Amount = 20 }, Token);
                break;
        }

        await ChangeOnAsync(life, "2026-06-16", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-07-01");
        (await life.InvoicesAsync("acme")).Where(invoice => invoice.CreatedAt > Day.Of("2026-06-10")).Select(invoice => invoice.Total.Amount).ShouldBe([(decimal)upgrade, 60m]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_memo_is_withdrawn_only_while_its_credit_is_there(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-01-05");
        var january = (await life.InvoicesAsync("acme"))[0].Id.ToString();
        await life.Billing.Invoices.PayAsync(life.Tenant, january, 100, "bank 1", Token);
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(january, "Goodwill") { Amount = 50 }, Token);
        await life.GoToAsync("2026-02-01");
        var february = (await life.InvoicesAsync("acme"))[1];
        february.Due.Amount.ShouldBe(50m);
        await Should.ThrowAsync<BillingException>(() => life.Billing.CreditMemos.CancelAsync(life.Tenant, memo.Id.ToString(), Token));
        await life.Billing.Invoices.CancelAsync(life.Tenant, february.Id.ToString(), Token);
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Paid.Amount.ShouldBe(50m);
        await life.Billing.CreditMemos.CancelAsync(life.Tenant, memo.Id.ToString(), Token);
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Paid.Amount.ShouldBe(0m);
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.Due.Amount)).ShouldBe([(InvoiceStatus.Paid, 0m), (InvoiceStatus.Canceled, 0m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_draft_that_waits_for_its_approval_takes_usage_in_and_keeps_what_was_added(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 30), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["TEN"] });
        await life.GoToAsync("2026-01-02");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual }, Token);
        await life.GoToAsync("2026-02-01");
        var draft = (await life.InvoicesAsync("acme"))[^1];
        draft.Total.Amount.ShouldBe(32.13m);
        await life.GoToAsync("2026-02-02");
        await life.Billing.Drafts.AddLineAsync(life.Tenant, draft.Id.ToString(), new NewInvoiceLine("extra", 9.99m), "ann", Token);
        await life.UseAsync("acme", "call", 7, "2026-01-20");
        var upcoming = (await life.Billing.Previews.UpcomingAsync(life.Tenant, await SubscriptionAsync(life), Token))!;
        await life.GoToAsync("2026-02-03");
        var issued = await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token);
        (upcoming.Total.Amount, issued.Total.Amount, issued.DiscountTotal.Amount).ShouldBe((51.52m, 51.52m, 3.70m));
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_of_groups_with_taxes_in_the_price_and_a_coupon(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, Inclusive = true }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = LateUsagePolicy.CreditMemo }, Token);
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1.19m)).Having(terms => terms with { GroupBy = ["region"] }));
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["TEN"] });
        await life.UseAsync("acme", "call", 80, "2026-01-05", ("region", "eu"));
        var wrong = await life.UseAsync("acme", "call", 20, "2026-01-06", ("region", "eu"));
        await life.UseAsync("acme", "call", 50, "2026-01-07", ("region", "us"));
        await life.GoToAsync("2026-02-02");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-03");
        await life.UseAsync("acme", "call", 10, "2026-01-07", ("region", "us"));
        await life.GoToAsync("2026-03-01");
        var memo = (await life.Billing.CreditMemos.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.Single();
        (memo.Total.Amount, memo.TaxTotal.Amount).ShouldBe((21.42m, 3.42m));
        var invoices = await life.InvoicesAsync("acme");
        invoices.Select(invoice => (invoice.Total.Amount, invoice.TaxTotal.Amount, invoice.Due.Amount)).ShouldBe([(160.65m, 25.65m, 139.23m), (10.71m, 1.71m, 10.71m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Two_currencies_and_a_pause_on_consolidated_invoices(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true, Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("a", Offer.Fee("a-fee", 100));
        await life.PlanAsync("b", Offer.Fee("b-fee", 50));
        await life.PlanAsync("c", Offer.Fee("c-fee", 70).In("EUR"));
        await life.SubscribeAsync("acme", "a");
        var b = (await life.SubscribeAsync("acme", "b")).Id.ToString();
        await life.CustomerAsync("other", "EUR", with: customer => customer with { ConsolidateInvoices = true, Country = "DE" });
        await life.SubscribeAsync("other", "c");
        await life.GoToAsync("2026-02-15");
        await life.Billing.Changes.ApplyAsync(life.Tenant, b, new Pause { When = ChangeWhen.Immediate, ResumeAt = Day.Of("2026-03-16") }, Token);
        await life.GoToAsync("2026-04-01");
        var invoices = await life.InvoicesAsync("acme");
        invoices.Where(invoice => invoice.Currency == Usd).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount, invoice.Due.Amount)).ShouldBe([
            ("2026-01-01", 178.50m, 178.50m), ("2026-02-01", 178.50m, 178.50m), ("2026-02-15", -29.75m, 0m), ("2026-03-01", 119m, 89.25m), ("2026-03-16", 30.71m, 30.71m), ("2026-04-01", 178.50m, 178.50m)]);
        (await life.InvoicesAsync("other")).Select(invoice => (Day.Write(invoice.CreatedAt), invoice.Total.Amount, invoice.Due.Amount)).ShouldBe([
            ("2026-01-01", 83.30m, 83.30m), ("2026-02-01", 83.30m, 83.30m), ("2026-03-01", 83.30m, 83.30m), ("2026-04-01", 83.30m, 83.30m)]);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_year_that_ends_in_July_is_earned_until_then(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("year", 365).Every(IntervalUnit.Year));
        await life.SubscribeAsync("acme", "pro");
        await ChangeOnAsync(life, "2026-07-01", new Cancel { When = ChangeWhen.Immediate });
        var months = await life.Billing.Statements.RevenueAsync(life.Tenant, new Interval(Day.Of("2026-01-01"), Day.Of("2027-01-01")), null, Token);
        months.Select(month => month.Earned.Amount).ShouldBe([31m, 28m, 31m, 30m, 31m, 30m, 0, 0, 0, 0, 0, 0]);
        await BilledLives.ProveAsync(life);
    }
}
