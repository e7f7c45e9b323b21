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

    private static async Task TotalsAsync(Scenario life, string until, params decimal[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe(totals, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, until);
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
