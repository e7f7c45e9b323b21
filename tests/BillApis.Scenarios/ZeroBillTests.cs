namespace BillApis.Scenarios;

/// <summary>Coupons that found nothing to take on a bill, and usage that comes late to it: calls, books and texts cost 1.00 each and are billed as the month ends.</summary>
public sealed class ZeroBillTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", LateUsagePolicy.Adjust)]
    [InlineData("postgres", LateUsagePolicy.Adjust)]
    [InlineData("sqlite", LateUsagePolicy.Invoice)]
    public async Task A_percentage_for_ever_is_taken_off_what_comes_late_to_a_bill_over_nothing(string storage, LateUsagePolicy policy)
    {
        // January's bill is over nothing. 40 calls that come late cost 20.00, and 10 more 5.00.
        await using var life = await MeteredAsync(storage, policy);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.GoToAsync("2026-03-10");
        await life.UseAsync("acme", "call", 10, "2026-01-21");
        await TotalsAsync(life, "2026-04-02", 20, 5);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_amount_for_ever_is_taken_off_what_comes_late_to_a_bill_over_nothing_once(string storage)
    {
        // 10.00 off January, which had nothing: 4 calls that come late are free, of 40 more 6.00 are off.
        await using var life = await MeteredAsync(storage);
        await RedeemAsync(life, "TEN", new CouponTerms { AmountOff = Money.Of(10, Usd), Duration = CouponDuration.Forever });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 4, "2026-01-20");
        await life.GoToAsync("2026-03-10");
        await life.UseAsync("acme", "call", 40, "2026-01-21");
        await TotalsAsync(life, "2026-04-02", 34);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Once, null)]
    [InlineData("postgres", CouponDuration.Once, null)]
    [InlineData("sqlite", CouponDuration.Repeating, 1)]
    public async Task One_for_some_periods_stays_for_the_bill_that_has_something(string storage, CouponDuration duration, int? periods)
    {
        // February's 100 calls have the half off that January's bill had no use of; January's late 40 cost 40.00.
        await using var life = await MeteredAsync(storage);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = duration, DurationPeriods = periods });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.UseAsync("acme", "call", 100, "2026-02-05");
        await TotalsAsync(life, "2026-03-02", 50 + 40);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_that_was_redeemed_after_the_bill_is_not_for_what_comes_late_to_it(string storage)
    {
        // The 40 of January cost 40.00; the 10 of February 5.00.
        await using var life = await MeteredAsync(storage);
        await life.GoToAsync("2026-02-05");
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever });
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.UseAsync("acme", "call", 10, "2026-02-04");
        await TotalsAsync(life, "2026-03-02", 45);
    }

    [Theory]
    [InlineData("sqlite", "2026-01-25", 50)]
    [InlineData("postgres", "2026-02-05", 30)]
    [InlineData("sqlite", "2026-02-05", 30)]
    public async Task One_that_was_taken_off_again_is_for_the_bills_before_that(string storage, string removed, decimal total)
    {
        // Taken off after January's bill, the 40 that come late to that cost 20.00, and February's 10 cost 10.00; taken off before it, 40.00.
        await using var life = await MeteredAsync(storage);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever });
        await life.GoToAsync(removed);
        await life.Billing.Subscriptions.RemoveCouponAsync(life.Tenant, await SubscriptionAsync(life), "HALF", Token);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.UseAsync("acme", "call", 10, "2026-02-09");
        await TotalsAsync(life, "2026-03-02", total);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_for_a_product_is_taken_off_what_comes_late_of_it_though_the_bill_had_none(string storage)
    {
        // 30 calls at full price; the 40 books that come late cost half of 40.00.
        await using var life = await MeteredAsync(storage);
        await RedeemAsync(life, "BOOKS", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever, Products = [(await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id] });
        await life.UseAsync("acme", "call", 30, "2026-01-01");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "book", 40, "2026-01-20");
        await TotalsAsync(life, "2026-03-02", 30, 20);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_that_an_early_bill_of_the_month_had_is_taken_off_what_comes_late_to_its_last(string storage)
    {
        // Half off January and February: 40 calls are billed early in each, 20.00, and nothing at the end. 10 texts that come late to January cost 5.00, after both were used.
        await using var life = await MeteredAsync(storage, threshold: 30);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = 2 });
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 40, "2026-02-10");
        await life.GoToAsync("2026-03-10");
        await life.UseAsync("acme", "text", 10, "2026-01-20");
        await TotalsAsync(life, "2026-04-02", 20, 20, 5);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_an_amount_that_early_bills_had_a_part_of_what_comes_late_has_the_rest(string storage)
    {
        // 60.00 off January: 40 early calls, and 10 of the last bill's texts. Of 100 texts that come late another 10.00 are off, so that all 60.00 are.
        await using var life = await MeteredAsync(storage, threshold: 30);
        await RedeemAsync(life, "SIXTY", new CouponTerms { AmountOff = Money.Of(60, Usd), Duration = CouponDuration.Forever });
        await UseAsync(life, 40, "2026-01-10");
        await life.UseAsync("acme", "text", 10, "2026-01-10");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "text", 100, "2026-01-20");
        await TotalsAsync(life, "2026-03-02", 90);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_the_rest_of_early_usage_had_of_an_amount_is_not_there_twice(string storage)
    {
        // 60.00 off January: 40 early calls and the last bill's other 5. Of 100 texts that come late to that the 15.00 are off that are left.
        await using var life = await MeteredAsync(storage, threshold: 30);
        await RedeemAsync(life, "SIXTY", new CouponTerms { AmountOff = Money.Of(60, Usd), Duration = CouponDuration.Forever });
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 5, "2026-01-11");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "text", 100, "2026-01-20");
        await TotalsAsync(life, "2026-03-02", 85);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_an_amount_the_supplementary_invoices_of_a_month_have_no_more_than_all(string storage)
    {
        // January has no bill. Its late 4 calls are free by the 10.00 off; of 40 more 6.00 are off.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Invoice);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        await RedeemAsync(life, "TEN", new CouponTerms { AmountOff = Money.Of(10, Usd), Duration = CouponDuration.Forever });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 4, "2026-01-20");
        await life.GoToAsync("2026-02-11");
        await life.UseAsync("acme", "call", 40, "2026-01-21");
        await TotalsAsync(life, "2026-02-12", 34);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_of_several_subscriptions_on_one_invoice_keeps_its_own(string storage)
    {
        // Both are billed together; only the first has the half off. 40 calls that come late to January are counted by both: 20.00 and 40.00.
        await using var life = await MeteredAsync(storage, together: true);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever });
        await life.SubscribeAsync("acme", "metered");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await TotalsAsync(life, "2026-03-02", 60);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Forever, 50)]
    [InlineData("postgres", CouponDuration.Forever, 50)]
    [InlineData("sqlite", CouponDuration.Once, 100)]
    public async Task What_no_bill_has_is_discounted_by_the_supplementary_invoice_that_has_it_first(string storage, CouponDuration duration, decimal february)
    {
        // January had nothing and no bill. Its late 40 calls are invoiced at once, at half their price; February's 100 too, unless that used the coupon up.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Invoice);
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        await RedeemAsync(life, "HALF", new CouponTerms { PercentOff = 50, Duration = duration });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 40, "2026-01-20");
        await life.GoToAsync("2026-02-11");
        await life.UseAsync("acme", "call", 100, "2026-02-11");
        await TotalsAsync(life, "2026-03-02", 20, february);

        // What comes late once more is of what was billed first.
        await life.UseAsync("acme", "call", 10, "2026-01-21");
        await TotalsAsync(life, "2026-03-03", 20, february, 5);
    }

    private static async Task TotalsAsync(Scenario life, string until, params decimal[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe(totals, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, until);
    }

    private static async Task RedeemAsync(Scenario life, string code, CouponTerms terms)
    {
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = code, Terms = terms }, Token);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), code, Token);
    }

    // Used on a day, and billed early at the end of it where that is enough.
    private static async Task UseAsync(Scenario life, decimal calls, string at)
    {
        await life.GoToAsync(at);
        await life.UseAsync("acme", "call", calls, at);
        await life.RunAsync();
    }

    private async Task<Scenario> MeteredAsync(string storage, LateUsagePolicy policy = LateUsagePolicy.Adjust, decimal? threshold = null, bool together = false)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = together });
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)), Offer.Usage("books", "book", new PerUnitPrice(1)) with { Product = "reading" }, Offer.Usage("texts", "text", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = threshold is { } amount ? Money.Of(amount, Usd) : null });
        return life;
    }
}
