namespace BillApis.Scenarios;

/// <summary>What was charged as missing to a commitment of 100.00 a month comes back as it was discounted and taxed, where usage comes late.</summary>
public sealed class LateCommitmentTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", CouponDuration.Forever)]
    [InlineData("postgres", CouponDuration.Forever)]
    [InlineData("sqlite", CouponDuration.Once)]
    public async Task A_supplementary_invoice_moves_what_was_missing_at_half_its_price(string storage, CouponDuration duration)
    {
        // 30 calls and 70.00 that are missing cost 50.00. With 50 late ones it is 80 and 20.00: nothing more, and nothing less.
        await using var life = await CommittedAsync(storage, duration, LateUsagePolicy.Invoice);
        await life.UseAsync("acme", "call", 50, "2026-01-21");
        await TotalsAsync(life, "2026-02-11", 50);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_next_invoice_does_so_though_the_coupon_is_used_up(string storage)
    {
        // February's 100.00 are missing at full price; January's 50 late calls and the 50.00 that are not missing any more come to nothing.
        await using var life = await CommittedAsync(storage, CouponDuration.Once, LateUsagePolicy.Adjust);
        await life.UseAsync("acme", "call", 50, "2026-01-21");
        await TotalsAsync(life, "2026-03-01", 50, 100);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_that_was_none_makes_more_of_the_commitment_missing_at_half_its_price(string storage)
    {
        // 30 calls were 10: 90.00 are missing rather than 70.00, at half their price.
        await using var life = await CommittedAsync(storage, CouponDuration.Once, LateUsagePolicy.Invoice);
        await VoidAsync(life, "event-1");
        await TotalsAsync(life, "2026-02-11", 50);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Forever)]
    [InlineData("postgres", CouponDuration.Forever)]
    public async Task What_is_missing_for_the_first_time_is_discounted_by_the_supplementary_invoice_that_charges_it(string storage, CouponDuration duration)
    {
        // 110 calls were 90 after all, at half their price: 45.00 and 5.00 of what is missing then, where 55.00 were paid.
        await using var life = await CommittedAsync(storage, duration, LateUsagePolicy.Invoice, calls: 90);
        await VoidAsync(life, "event-1");
        await TotalsAsync(life, "2026-02-11", 55, -5);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_back_of_it_bears_the_tax_that_it_was_charged_with(string storage)
    {
        // Half of 70.00 that were missing was taxed by 19 % on 35.00, and the rate is 20 % since: with 50 calls more and 50.00 less missing, nothing changes.
        await using var life = await CommittedAsync(storage, CouponDuration.Once, LateUsagePolicy.Adjust, country: "DE");
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 20, ValidFrom = Instant.FromUtc(2026, 2, 5, 0, 0) }, Token);
        await life.UseAsync("acme", "call", 50, "2026-01-21");
        await TotalsAsync(life, "2026-03-01", 59.5m, 120);
        (await life.InvoicesAsync("acme"))[^1].TaxLines.Where(tax => !tax.Amount.IsZero).Select(tax => (tax.Tax.Percentage, tax.Base.Amount)).ShouldBe([(20m, 100m)]);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Once, LateUsagePolicy.Invoice)]
    [InlineData("postgres", CouponDuration.Once, LateUsagePolicy.Invoice)]
    [InlineData("sqlite", CouponDuration.Repeating, LateUsagePolicy.Invoice)]
    [InlineData("sqlite", CouponDuration.Forever, LateUsagePolicy.Invoice)]
    [InlineData("sqlite", CouponDuration.Once, LateUsagePolicy.Adjust, 100)] // February's 100.00 are missing.
    [InlineData("postgres", CouponDuration.Once, LateUsagePolicy.CreditMemo, 100)]
    [InlineData("sqlite", CouponDuration.Repeating, LateUsagePolicy.Adjust, 100)]
    [InlineData("sqlite", CouponDuration.Forever, LateUsagePolicy.Adjust, 80)]
    public async Task What_is_missing_for_the_first_time_bears_the_coupon_of_the_bill_that_settled_the_month(string storage, CouponDuration duration, LateUsagePolicy policy, params int[] february)
    {
        // 100 calls met the 100.00 and cost 80.00. They were 60: with the 40.00 that are missing then, it is 80.00 all the same.
        await using var life = await MetAsync(storage, new CouponTerms { PercentOff = 20, Duration = duration, DurationPeriods = duration is CouponDuration.Repeating ? 1 : null }, policy);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-03-01", [80, .. february.Select(total => (decimal)total)], "2026-02-11", policy);
        var missing = (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Single(line => line.Kind is LineKind.Commitment && line.Period?.Start == Day.Of("2026-01-01"));
        (missing.Amount.Amount, missing.Net.Amount).ShouldBe((40m, 32m));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task It_goes_on_with_that_coupon_as_more_comes_late(string storage)
    {
        // 90 calls and 10.00 cost 80.00 still; 120 calls cost 96.00, and nothing is missing.
        await using var life = await MetAsync(storage, new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once }, LateUsagePolicy.Invoice);
        await VoidAsync(life, "event-2");
        await life.GoToAsync("2026-02-11");
        await life.UseAsync("acme", "call", 30, "2026-01-21");
        await TotalsAsync(life, "2026-02-12", 80);
        await life.UseAsync("acme", "call", 30, "2026-01-22");
        await TotalsAsync(life, "2026-02-13", 80, 16);
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is LineKind.Commitment).Sum(line => line.Net.Amount).ShouldBe(0m);
    }

    [Theory]
    [InlineData(CouponDuration.Once, null, 90)]
    [InlineData(CouponDuration.Forever, null, 90)]
    [InlineData(CouponDuration.Once, "calls", 90)] // Of 60.00 it takes 10.00 as well, and nothing of what is missing.
    public async Task An_amount_is_taken_off_both_once(CouponDuration duration, string? product, decimal first)
    {
        await using var life = await MetAsync("sqlite", new CouponTerms { AmountOff = Money.Of(10, Usd), Duration = duration }, LateUsagePolicy.Invoice, product: product);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", first);
    }

    [Fact]
    public async Task A_coupon_for_the_calls_is_not_taken_off_what_is_missing()
    {
        // 80.00; then 48.00 of 60 calls, and 40.00.
        await using var life = await MetAsync("sqlite", new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once }, LateUsagePolicy.Invoice, product: "calls");
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", 80, 8);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task It_bears_the_tax_of_then_where_no_line_of_the_bill_did(string storage)
    {
        // 80.00 of books at 7 % were 85.60. They are 48.00 at 7 %, 3.36, and 32.00 at 19 %, 6.08, though the rate is 20 % since: 89.44.
        await using var life = await MetAsync(storage, new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once }, LateUsagePolicy.Invoice, country: "DE", category: "books");
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 20, ValidFrom = Instant.FromUtc(2026, 2, 5, 0, 0) }, Token);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", 85.6m, 3.84m);
        (await life.InvoicesAsync("acme"))[^1].TaxLines.Select(tax => (tax.Tax.Percentage, tax.Base.Amount, tax.Amount.Amount)).ShouldBe([(7m, -32m, -2.24m), (19m, 32m, 6.08m)]);

        // 30 books more are 24.00 of those and nothing of what is missing any more.
        await life.UseAsync("acme", "call", 30, "2026-01-21");
        await TotalsAsync(life, "2026-02-12", 85.6m, 3.84m, -2.88m);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_missing_for_the_first_time_moves_an_amount_off_lines_that_bear_another_tax(string storage)
    {
        // 100 books at 7 % less 20.00 were 80.00 and 5.60. 60 books and the 20.00 that are missing to 80.00 share it as 15.00 and 5.00: 45.00 and 3.15, 15.00 at 19 % and 2.85.
        await using var life = await MetAsync(storage, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once }, LateUsagePolicy.Invoice, country: "DE", category: "books", commitment: 80);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", 85.6m, -19.6m);
    }

    [Theory]
    [InlineData(CouponDuration.Once)] // Taken off the 60.00 that were billed early alone.
    [InlineData(CouponDuration.Forever)]
    public async Task So_it_is_where_usage_was_billed_early(CouponDuration duration)
    {
        await using var life = await MetAsync("sqlite", new CouponTerms { PercentOff = 20, Duration = duration }, LateUsagePolicy.Invoice, threshold: 50);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", duration is CouponDuration.Once ? [48, 40] : [48, 32]);
    }

    [Fact]
    public async Task So_it_is_on_invoices_over_several_subscriptions()
    {
        // 80.00 beside the other subscription's 10.00.
        await using var life = await MetAsync("sqlite", new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once }, LateUsagePolicy.Invoice, isConsolidated: true);
        await VoidAsync(life, "event-2");
        await TotalsAsync(life, "2026-02-11", 10, 90);
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Net.Amount).ShouldBe([-32m, 32m]);
    }

    private static async Task TotalsAsync(Scenario life, string until, decimal[] totals, string first, LateUsagePolicy policy)
    {
        if (policy is LateUsagePolicy.Invoice)
        {
            await TotalsAsync(life, first, totals);
            return;
        }

        await TotalsAsync(life, until, totals);
    }

    private static async Task TotalsAsync(Scenario life, string until, params decimal[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe(totals, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, until);
    }

    // 60 calls and 40 meet the commitment of January.
    private async Task<Scenario> MetAsync(string storage, CouponTerms terms, LateUsagePolicy policy, string? country = null, string? category = null, string? product = null, decimal commitment = 100, decimal? threshold = null, bool isConsolidated = false)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await TaxesOfTwoRatesAsync(life);
        await life.CustomerAsync(with: customer => customer with { Country = country, ConsolidateInvoices = isConsolidated });
        await life.PlanAsync("metered", (Offer.Usage("calls", "call", new PerUnitPrice(1)) with { Product = product }).Having(priced => priced with { TaxCategory = category }));
        await life.PlanAsync("other", Offer.Fee("fee", 10));
        var only = product is null ? null : await life.Billing.Products.FindAsync(life.Tenant, product, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = terms with { Products = only is null ? [] : [only.Id] } }, Token);
        await life.SubscribeAsync("acme", "metered", with => with with
        {
            Coupons = ["SALE"], Commitment = new MinimumCommitment(Money.Of(commitment, Usd), new BillingInterval(IntervalUnit.Month, 1)), UsageThreshold = threshold is { } most ? Money.Of(most, Usd) : null,
        });
        if (isConsolidated)
        {
            await life.SubscribeAsync("acme", "other");
        }

        await life.UseAsync("acme", "call", 60, "2026-01-20");
        await life.GoToAsync("2026-01-21");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        return life;
    }

    private async Task<Scenario> CommittedAsync(string storage, CouponDuration duration, LateUsagePolicy policy, int calls = 10, string? country = null)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await TaxesOfTwoRatesAsync(life);
        await life.CustomerAsync(with: customer => customer with { Country = country });
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = duration } }, Token);
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = ["HALF"], Commitment = new MinimumCommitment(Money.Of(100, Usd), new BillingInterval(IntervalUnit.Month, 1)) });
        await life.UseAsync("acme", "call", 20, "2026-01-20");
        await life.UseAsync("acme", "call", calls, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        return life;
    }
}
