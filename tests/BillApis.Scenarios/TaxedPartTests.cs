namespace BillApis.Scenarios;

/// <summary>Taxes in the prices and on top of them, with coupons and credit, where a customer or a plan changes between two bills.</summary>
public sealed class TaxedPartTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Inclusive_taxes_are_taken_out_of_what_coupons_leave_and_memos_take_both_back(string storage)
    {
        // 15 % of 138.75 is 20.81: 14.98 and 5.83. 84.92 × 19/119 = 13.56, 33.02 × 7/107 = 2.16.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, Inclusive = true }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 7, Inclusive = true, TaxCategory = "books" }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = new CouponTerms { PercentOff = 15, Duration = CouponDuration.Once } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 99.90m), Offer.Seats("reader", 12.95m, 3).Having(terms => terms with { TaxCategory = "books" }));
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["SALE"] });
        await life.GoToAsync("2026-01-02");
        var invoice = (await life.InvoicesAsync("acme")).Single();
        await life.Billing.Invoices.PayAsync(life.Tenant, invoice.Id.ToString(), 117.94m, "bank 1", Token);
        await life.GoToAsync("2026-01-11");
        var (fee, reader) = (invoice.Lines[0], invoice.Lines[1]);
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Not as agreed") { Refund = true, Lines = [new(fee.Id, 10), new(reader.Id, 33.02m)] }, Token);
        memo.Lines.Select(line => (line.Net.Amount, line.Tax.Amount)).ShouldBe([(8.40m, 1.60m), (30.86m, 2.16m)]);
        await life.Billing.CreditMemos.PayOutAsync(life.Tenant, memo.Id.ToString(), "bank 2", Token);
        var rest = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Nor the rest") { Refund = true, Amount = 74.92m }, Token);
        rest.Lines.Select(line => (line.Net.Amount, line.Tax.Amount)).ShouldBe([(62.96m, 11.96m)]);
        await life.Billing.CreditMemos.PayOutAsync(life.Tenant, rest.Id.ToString(), "bank 3", Token);
        await BillsAsync(life, """
            2026-01-01 invoice: 117.94, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 99.90
              reader × 3 2026-01-01..2026-02-01: 38.85
              coupon SALE: -20.81
              VAT 19 % in 84.92: 13.56
              VAT 7 % in 33.02: 2.16
            2026-01-11 credit memo: 43.02, to refund 43.02
            2026-01-11 credit memo: 74.92, to refund 74.92
            """);
        await BilledLives.ProveAsync(life);
        // Everything was paid back.
        (await BalancesAsync(life)).ShouldAllBe(balance => balance.Value == 0);
        await UblAsync(life, invoice, 102.22m, 117.94m);
        // February is charged without the coupon.
        await life.GoToAsync("2026-02-01");
        (await life.InvoicesAsync("acme"))[^1].Total.Amount.ShouldBe(138.75m);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_upgrade_with_taxes_in_the_prices_gives_back_what_was_paid(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, Inclusive = true }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 119));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 238));
        await life.SubscribeAsync("acme", "basic", with => with with { Coupons = ["TEN"] });
        await ChangeOnAsync(life, "2026-06-16", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await ChangeOnAsync(life, "2026-07-16", new Cancel { When = ChangeWhen.Immediate });
        await BillsAsync(life, """
            2026-06-01 invoice: 107.10
              basic-fee 2026-06-01..2026-07-01: 119.00
              coupon TEN: -11.90
              VAT 19 % in 107.10: 17.10
            2026-06-16 invoice: 53.55
              pro-fee 2026-06-16..2026-07-01 (1/2): 119.00
              basic-fee: unused time 2026-06-16..2026-07-01 (1/2): -53.55
              coupon TEN: -11.90
              VAT 19 % in 53.55: 8.55
            2026-07-01 invoice: 214.20
              pro-fee 2026-07-01..2026-08-01: 238.00
              coupon TEN: -23.80
              VAT 19 % in 214.20: 34.20
            2026-07-16 invoice: -110.55, due 0.00 (paid)
              pro-fee: unused time 2026-07-16..2026-08-01 (16/31): -110.55
              VAT 19 % in -110.55: -17.65
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_is_exempt_from_mid_month_on_gets_the_tax_of_what_comes_back(string storage)
    {
        // 25.00 without tax, and 15.00 come back with 2.85. In July half and half are without: 16 of 31 days.
        await using var life = await StartAsync(storage, "2026-06-01");
        var de = await life.Billing.LegalEntities.CreateAsync(life.Tenant, new LegalEntity { Code = "de", Name = "Example GmbH", Country = "DE", TaxId = "DE123456789", InvoiceSeries = "DE", CreditMemoSeries = "DEC" }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE", LegalEntity = de.Id });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("team", Offer.Seats("seat", 10, 3));
        await life.SubscribeAsync("acme", "team");
        await life.GoToAsync("2026-06-11");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { TaxExempt = true }, Token);
        await SeatsAsync(life, "2026-06-16", 5);
        await SeatsAsync(life, "2026-07-16", 2);
        await BillsAsync(life, """
            2026-06-01 invoice: 35.70
              seat × 3 2026-06-01..2026-07-01: 30.00
              VAT 19 % on 30.00: 5.70
            2026-06-16 invoice: 7.15
              seat × 5 2026-06-16..2026-07-01 (1/2): 25.00
              seat: unused time 2026-06-16..2026-07-01 (1/2): -15.00
              VAT 19 % on 25.00 (exempt): 0.00
              VAT 19 % on -15.00: -2.85
            2026-07-01 invoice: 50.00
              seat × 5 2026-07-01..2026-08-01: 50.00
              VAT 19 % on 50.00 (exempt): 0.00
            2026-07-16 invoice: -15.49, due 0.00 (paid)
              seat × 2 2026-07-16..2026-08-01 (16/31): 10.32
              seat: unused time 2026-07-16..2026-08-01 (16/31): -25.81
              VAT 19 % on -15.49 (exempt): 0.00
            """);
        await BilledLives.ProveAsync(life);
        await UblAsync(life, (await life.InvoicesAsync("acme"))[1], 10m, 7.15m);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_business_that_moves_into_the_sellers_country_pays_tax_on_what_is_charged_from_then_on(string storage)
    {
        // 15 of 31 days: 30.00 with 5.70, and 15.00 come back without.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "AT", TaxId = "ATU12345678" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "AT", Percentage = 20 }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ReverseCharge = false }, Token);
        await life.PlanAsync("basic", Offer.Fee("basic-fee", 31).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.PlanAsync("pro", Offer.Fee("pro-fee", 62).Having(terms => terms with { Proration = Proration.ByDay }));
        await life.SubscribeAsync("acme", "basic");
        await life.GoToAsync("2026-01-16");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { Country = "DE", TaxId = "DE123456789" }, Token);
        await life.GoToAsync("2026-01-17");
        var preview = await life.Billing.Changes.PreviewAsync(life.Tenant, await SubscriptionAsync(life), new ChangePlan("pro") { When = ChangeWhen.Immediate }, Token);
        await ChangeOnAsync(life, "2026-01-17", new ChangePlan("pro") { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-02-01");
        (await life.InvoicesAsync("acme"))[1].Id.ShouldBe(preview.Invoice!.Id);
        preview.Invoice.Total.Amount.ShouldBe(20.70m);
        await BillsAsync(life, """
            2026-01-01 invoice: 31.00
              basic-fee 2026-01-01..2026-02-01: 31.00
              VAT 20 % on 31.00 (reverse charge): 0.00
            2026-01-17 invoice: 20.70
              pro-fee 2026-01-17..2026-02-01 (15/31): 30.00
              basic-fee: unused time 2026-01-17..2026-02-01 (15/31): -15.00
              VAT 19 % on 30.00: 5.70
              VAT 20 % on -15.00 (reverse charge): 0.00
            2026-02-01 invoice: 73.78
              pro-fee 2026-02-01..2026-03-01: 62.00
              VAT 19 % on 62.00: 11.78
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_business_that_moved_bears_the_taxes_of_before_on_what_comes_late(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "AT", TaxId = "ATU12345678" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "AT", Percentage = 20 }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ReverseCharge = false }, Token);
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro");
        await life.UseAsync("acme", "call", 90, "2026-01-05");
        var wrong = await life.UseAsync("acme", "call", 10, "2026-01-06");
        await life.UseAsync("acme", "call", 40, "2026-02-06");
        await life.GoToAsync("2026-02-10");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { Country = "DE", TaxId = "DE123456789" }, Token);
        await VoidAsync(life, wrong);
        await life.UseAsync("acme", "call", 5, "2026-01-07");
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-02-01 invoice: 100.00
              calls × 100 2026-01-01..2026-02-01: 100.00
              VAT 20 % on 100.00 (reverse charge): 0.00
            2026-03-01 invoice: 42.60
              calls × 40 2026-02-01..2026-03-01: 40.00
              calls: adjustment × -5 2026-01-01..2026-02-01: -5.00
              VAT 19 % on 40.00: 7.60
              VAT 20 % on -5.00 (reverse charge): 0.00
            """);
        await BilledLives.ProveAsync(life);
    }
}
