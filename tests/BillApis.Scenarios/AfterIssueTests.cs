namespace BillApis.Scenarios;

/// <summary>What becomes of invoices once they are issued, and money in other currencies.</summary>
public sealed class AfterIssueTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_invoice_is_paid_in_two_parts(string storage)
    {
        await using var life = await IssuedAsync(storage);
        var invoice = (await life.InvoicesAsync("acme"))[0].Id.ToString();
        await life.GoToAsync("2026-01-10");
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice, 30, "wire 1", Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 70.00
              fee 2026-01-01..2026-02-01: 100.00
            """);
        await life.GoToAsync("2026-01-20");
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice, 70, "wire 2", Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_refund_after_a_credit_memo(string storage)
    {
        // Paid 100, of which 40 are taken back and to be refunded; the invoice stays what it was.
        await using var life = await IssuedAsync(storage);
        var invoice = (await life.InvoicesAsync("acme"))[0].Id.ToString();
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice, 100, "wire", Token);
        await life.GoToAsync("2026-01-15");
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice, "Down for two weeks") { Amount = 40, Refund = true }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
            2026-01-15 credit memo: 40.00, to refund 40.00
            2026-02-01 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_paid_too_much_pays_the_next_invoice(string storage)
    {
        await using var life = await IssuedAsync(storage);
        var invoice = (await life.InvoicesAsync("acme"))[0].Id.ToString();
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice, 100, "wire", Token);
        await life.GoToAsync("2026-01-15");
        await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice, "Down for two weeks") { Amount = 40 }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
            2026-01-15 credit memo: 40.00, as credit 40.00
            2026-02-01 invoice: 100.00, due 60.00
              fee 2026-02-01..2026-03-01: 100.00
              paid credit: -40.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_credit_memo_lessens_what_is_due_before_it_returns_anything(string storage)
    {
        // 30 were paid of 100: of a memo over 90, 70 lessen what is due and 20 become credit.
        await using var life = await IssuedAsync(storage);
        var invoice = (await life.InvoicesAsync("acme"))[0].Id.ToString();
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice, 30, "wire", Token);
        await life.GoToAsync("2026-01-15");
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice, "Never worked") { Amount = 90 }, Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
            2026-01-15 credit memo: 90.00, as credit 20.00
            """);
        await life.Billing.CreditMemos.CancelAsync(life.Tenant, memo.Id.ToString(), Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 70.00
              fee 2026-01-01..2026-02-01: 100.00
            2026-01-15 credit memo: 90.00, as credit 20.00 (canceled)
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_canceled_invoice_gives_its_credit_back(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(50, Currency.Parse("USD"))) { Category = CreditCategory.Paid }, Token);
        await life.GoToAsync("2026-01-10");
        await life.Billing.Invoices.CancelAsync(life.Tenant, (await life.InvoicesAsync("acme"))[0].Id.ToString(), Token);
        await life.GoToAsync("2026-02-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Status, invoice.Due.Amount)).ShouldBe([(InvoiceStatus.Canceled, 0m), (InvoiceStatus.PartiallyPaid, 50m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_nobody_pays_is_written_off(string storage)
    {
        await using var life = await IssuedAsync(storage);
        await life.GoToAsync("2026-01-20");
        await life.Billing.Invoices.WriteOffAsync(life.Tenant, (await life.InvoicesAsync("acme"))[0].Id.ToString(), Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (written off)
              fee 2026-01-01..2026-02-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_charge_outside_of_any_subscription(string storage)
    {
        // 2.5 hours at 99.99 are 249.975: 249.98.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        var draft = await life.Billing.Invoices.CreateAsync(life.Tenant, new NewInvoice("acme", Currency.Parse("USD"), [new NewInvoiceLine("Training", 99.99m, 2.5m)]), Token);
        await life.GoToAsync("2026-01-05");
        await life.Billing.Invoices.IssueAsync(life.Tenant, draft.Id.ToString(), Token);
        await BillsAsync(life, """
            2026-01-05 one-off invoice: 249.98
              Training × 2.5: 249.98
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Yen_have_no_decimals(string storage)
    {
        // 1000 × 17/31 = 548.387…: 548.
        await using var life = await StartAsync(storage, "2026-01-15");
        await life.CustomerAsync(currency: "JPY");
        await life.PlanAsync("pro", Offer.Fee("fee", 1000).In("JPY"));
        await life.SubscribeAsync("acme", "pro", with => with with { Anchor = BillingAnchor.Calendar });
        await life.GoToAsync("2026-01-16");
        await BillsAsync(life, """
            2026-01-15 invoice: 548
              fee 2026-01-15..2026-02-01 (17/31): 548
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Dinars_of_Kuwait_have_three(string storage)
    {
        // 3 × 0.3335 = 1.0005: 1.001.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(currency: "KWD");
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(0.3335m)).In("KWD"));
        await life.SubscribeAsync("acme", "metered");
        await life.UseAsync("acme", "call", 3, "2026-01-10");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 1.001
              calls × 3 2026-01-01..2026-02-01: 1.001
            """);
    }

    private async Task<Scenario> IssuedAsync(string storage)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-01-02");
        return life;
    }
}
