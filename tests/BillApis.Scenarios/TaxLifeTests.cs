namespace BillApis.Scenarios;

/// <summary>Taxes over time, on a monthly fee.</summary>
public sealed class TaxLifeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_rate_that_changes_in_the_middle_of_a_month_counts_from_the_next_invoice(string storage)
    {
        // 16 % until July 10, 19 % from then on; the invoice of July 1 is not decided again.
        await using var life = await TaxedAsync(storage, "2026-07-01", "DE", 100, null,
            new TaxRate { Name = "VAT", Country = "DE", Percentage = 16, ValidTo = Day.Of("2026-07-10") }, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ValidFrom = Day.Of("2026-07-10") });
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-07-01 invoice: 116.00
              fee 2026-07-01..2026-08-01: 100.00
              VAT 16 % on 100.00: 16.00
            2026-08-01 invoice: 119.00
              fee 2026-08-01..2026-09-01: 100.00
              VAT 19 % on 100.00: 19.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_tax_in_the_price_adds_nothing(string storage)
    {
        // 119 × 19 ÷ 119 = 19.
        await using var life = await TaxedAsync(storage, "2026-01-01", "DE", 119, null, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, Inclusive = true });
        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 119.00
              fee 2026-01-01..2026-02-01: 119.00
              VAT 19 % in 119.00: 19.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Two_taxes_are_each_rounded_once(string storage)
    {
        // 5 % of 100 is 5.00, 9.975 % is 9.975: 9.98.
        await using var life = await TaxedAsync(storage, "2026-01-01", "CA", 100, null, new TaxRate { Name = "GST", Country = "CA", Percentage = 5 }, new TaxRate { Name = "QST", Country = "CA", Percentage = 9.975m });
        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 114.98
              fee 2026-01-01..2026-02-01: 100.00
              GST 5 % on 100.00: 5.00
              QST 9.975 % on 100.00: 9.98
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_business_of_another_country_of_the_union_accounts_for_the_tax_itself(string storage)
    {
        await using var life = await TaxedAsync(storage, "2026-01-01", "AT", 100, customer => customer with { TaxId = "ATU12345678" }, new TaxRate { Name = "VAT", Country = "AT", Percentage = 20 });
        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00
              fee 2026-01-01..2026-02-01: 100.00
              VAT 20 % on 100.00 (reverse charge): 0.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_becomes_exempt_pays_no_tax_from_the_next_invoice_on(string storage)
    {
        await using var life = await TaxedAsync(storage, "2026-01-01", "DE", 100, null, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 });
        await life.GoToAsync("2026-01-15");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { TaxExempt = true }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 119.00
              fee 2026-01-01..2026-02-01: 100.00
              VAT 19 % on 100.00: 19.00
            2026-02-01 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
              VAT 19 % on 100.00 (exempt): 0.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_moves_to_another_country_pays_its_tax_from_the_next_invoice_on(string storage)
    {
        await using var life = await TaxedAsync(storage, "2026-01-01", "DE", 100, null, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, new TaxRate { Name = "TVA", Country = "FR", Percentage = 20 });
        await life.GoToAsync("2026-01-15");
        await life.Billing.Customers.UpdateAsync(life.Tenant, "acme", customer => customer with { Country = "FR" }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 119.00
              fee 2026-01-01..2026-02-01: 100.00
              VAT 19 % on 100.00: 19.00
            2026-02-01 invoice: 120.00
              fee 2026-02-01..2026-03-01: 100.00
              TVA 20 % on 100.00: 20.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Tax_is_on_what_is_left_after_discounts_and_bought_credit_pays_it_too(string storage)
    {
        // 100 − 30 = 70, 10 % of it 7: 77. Bought 50 pay a part.
        await using var life = await TaxedAsync(storage, "2026-01-01", "AU", 100, null, new TaxRate { Name = "GST", Country = "AU", Percentage = 10 });
        foreach (var (amount, category) in new[] { (30m, CreditCategory.Promotional), (50m, CreditCategory.Paid) })
        {
            await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(amount, Currency.Parse("USD"))) { Category = category }, Token);
        }

        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 77.00, due 27.00
              fee 2026-01-01..2026-02-01: 100.00
              promotional credit: -30.00
              paid credit: -50.00
              GST 10 % on 70.00: 7.00
            """);
    }

    private async Task<Scenario> TaxedAsync(string storage, string start, string country, decimal fee, Func<Customer, Customer>? with, params TaxRate[] rates)
    {
        var life = await StartAsync(storage, start);
        await life.CustomerAsync(with: customer => (with ?? (item => item))(customer with { Country = country }));
        foreach (var rate in rates)
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, rate, Token);
        }

        await life.PlanAsync("pro", Offer.Fee("fee", fee));
        await life.SubscribeAsync("acme", "pro");
        return life;
    }
}
