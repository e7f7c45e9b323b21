namespace BillApis.Scenarios;

/// <summary>Credit that was given and bought beside coupons and taxes: what each pays, and what of it comes back.</summary>
public sealed class CreditedPartTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Promotional_credit_for_a_product_runs_out_in_mid_month_and_bought_credit_pays_taxes_too(string storage)
    {
        // February 1: 30.00 of calls are a gift, 20 % of the fee's 50.00 is 10.00, and 30.00 were bought. The gift's 10.00 that are left run out before March.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "GB" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "GB", Percentage = 20 }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 50), Offer.Usage("calls", "call", new PerUnitPrice(0.1m)) with { Product = "api" });
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-01-10");
        var api = await life.Billing.Products.FindAsync(life.Tenant, "api", Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(40, Usd)) { Category = CreditCategory.Promotional, Scope = new CreditScope { Products = [api!.Id] }, ExpiresAt = Day.Of("2026-02-15") }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(30, Usd)) { Category = CreditCategory.Paid }, Token);
        await life.UseAsync("acme", "call", 300, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 200, "2026-02-10");
        (await UpcomingAsync(life)).Total.Amount.ShouldBe(84m);
        await life.GoToAsync("2026-03-01");
        await BillsAsync(life, """
            2026-01-01 invoice: 60.00
              fee 2026-01-01..2026-02-01: 50.00
              VAT 20 % on 50.00: 10.00
            2026-02-01 invoice: 60.00, due 30.00
              calls × 300 2026-01-01..2026-02-01: 30.00
              fee 2026-02-01..2026-03-01: 50.00
              promotional credit: -30.00
              paid credit: -30.00
              VAT 20 % on 50.00: 10.00
            2026-03-01 invoice: 84.00
              calls × 200 2026-02-01..2026-03-01: 20.00
              fee 2026-03-01..2026-04-01: 50.00
              VAT 20 % on 70.00: 14.00
            """);
        await BilledLives.ProveAsync(life);
        await UblAsync(life, (await life.InvoicesAsync("acme"))[1], 50m, 60m);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Where_bought_credit_comes_first_a_gift_finds_what_that_does_not_pay(string storage)
    {
        // 40.00 and 20 % are 48.00; 30.00 were bought, and 18.00 with tax are 15.00 of the gift.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "GB" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "GB", Percentage = 20 }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 40));
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(20, Usd)) { Category = CreditCategory.Promotional, Priority = 10, ExpiresAt = Day.Of("2026-02-01") }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(30, Usd)) { Category = CreditCategory.Paid, Priority = 5 }, Token);
        await life.SubscribeAsync("acme", "pro");
        await life.GoToAsync("2026-02-01");
        await BillsAsync(life, """
            2026-01-01 invoice: 30.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 40.00
              paid credit: -30.00
              promotional credit: -15.00
              VAT 20 % on 25.00: 5.00
            2026-02-01 invoice: 48.00
              fee 2026-02-01..2026-03-01: 40.00
              VAT 20 % on 40.00: 8.00
            """);
        await BilledLives.ProveAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Yen_of_two_rates_with_a_coupon_credit_and_a_memo_beyond_what_is_due(string storage)
    {
        await using var life = await StartAsync(storage, "2026-06-01");
        var jpy = Currency.Parse("JPY");
        await life.CustomerAsync(currency: "JPY", with: customer => customer with { Country = "JP" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "JCT", Country = "JP", Percentage = 10 }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "JCT", Country = "JP", Percentage = 8, TaxCategory = "food" }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "OFF", Terms = new CouponTerms { AmountOff = Money.Of(100, jpy), Duration = CouponDuration.Once } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 1_000).In("JPY"), Offer.Fee("food", 333).In("JPY").Having(terms => terms with { TaxCategory = "food" }));
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(500, jpy)) { Category = CreditCategory.Paid }, Token);
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["OFF"] });
        await life.GoToAsync("2026-06-02");
        var invoice = (await life.InvoicesAsync("acme")).Single();
        var memo = await life.Billing.CreditMemos.CreateAsync(life.Tenant, new NewCreditMemo(invoice.Id.ToString(), "Goodwill") { Amount = 1_000 }, Token);
        memo.Lines.Select(line => (line.Net.Amount, line.Tax.Amount)).ShouldBe([(685m, 69m), (228m, 18m)]);
        (memo.Applied.Amount, memo.Returned.Amount).ShouldBe((851m, 149m));
        await life.GoToAsync("2026-07-01");
        await BillsAsync(life, """
            2026-06-01 invoice: 1351, due 0 (paid)
              fee 2026-06-01..2026-07-01: 1000
              food 2026-06-01..2026-07-01: 333
              coupon OFF: -100
              paid credit: -500
              JCT 10 % on 925: 93
              JCT 8 % on 308: 25
            2026-06-02 credit memo: 1000, as credit 149
            2026-07-01 invoice: 1460, due 1311
              fee 2026-07-01..2026-08-01: 1000
              food 2026-07-01..2026-08-01: 333
              paid credit: -149
              JCT 10 % on 1000: 100
              JCT 8 % on 333: 27
            """);
        await BilledLives.ProveAsync(life);
    }
}
