using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Usage that was billed before its month ended and turns out to be less: exactly what was paid for it is given back.</summary>
public sealed class ProgressiveLifeTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_void_after_its_month_is_given_back_as_it_was_billed_early(string storage)
    {
        // 40 less 10 % are 36.00, with VAT 42.84. In February 25 of them turn out to be wrong: 22.50 and 4.28 of VAT come back, not 25.00.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await SubscribeAsync(life, 30, 1, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } });
        await UseAsync(life, 15, "2026-01-10");
        var wrong = await UseAsync(life, 25, "2026-01-10");
        await life.GoToAsync("2026-01-11");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-01-11 invoice: 42.84
              calls: usage so far × 40 2026-01-01..2026-02-01: 40.00
              coupon TEN: -4.00
              VAT 19 % on 36.00: 6.84
            2026-03-01 invoice: -26.78, due 0.00 (paid)
              calls × 0 2026-02-01..2026-03-01: 0.00
              calls: adjustment × -25 2026-01-01..2026-02-01: -25.00
              coupon TEN: 2.50
              VAT 19 % on -22.50: -4.28
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_rest_of_the_month_is_given_back_together_with_what_was_billed_early(string storage)
    {
        // 40 early and 10 at the end, less 10 %: 45.00. Only 5 were right, which are 4.50: 40.50 come back. Of the last 5 then 4.50 do.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await SubscribeAsync(life, 30, 1, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } });
        var (early, right) = (await UseAsync(life, 35, "2026-01-10"), await UseAsync(life, 5, "2026-01-10"));
        await life.GoToAsync("2026-01-20");
        var rest = await UseAsync(life, 10, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, early, rest);
        await life.GoToAsync("2026-03-02");
        await VoidAsync(life, right);
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([36m, 9m, -40.50m, -4.50m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_an_amount_off_only_what_it_took_is_kept(string storage)
    {
        // 40 less 5 early, and 10 at the end: 45.00 were billed, and all of it comes back.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await SubscribeAsync(life, 30, 1, new Coupon { Code = "FIVE", Terms = new CouponTerms { AmountOff = Money.Of(5, Usd), Duration = CouponDuration.Once } });
        var early = await UseAsync(life, 40, "2026-01-10");
        await life.GoToAsync("2026-01-20");
        var rest = await UseAsync(life, 10, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, early, rest);
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([35m, 10m, -45m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_of_an_earlier_early_bill_counts_though_the_last_one_had_none(string storage)
    {
        // 100 calls at half their price, then 100 texts at full price. Of the calls that were none 50.00 come back, not 100.00.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        var product = await life.Billing.Products.CreateAsync(life.Tenant, new Product { Code = "voice", Name = "voice" }, Token);
        var metric = await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "call", Name = "call", EventType = "call", Aggregation = Aggregation.Sum, Property = "value" }, Token);
        await life.Billing.Prices.CreateAsync(life.Tenant, new Price { Code = "calls", Metric = metric.Id, Product = product.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(1) } }, Token);
        await SubscribeAsync(life, 100, 1, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever, Products = [product.Id] } }, Offer.Usage("texts", "text", new PerUnitPrice(1)));
        var wrong = await UseAsync(life, 100, "2026-01-10");
        await life.GoToAsync("2026-01-20");
        await life.UseAsync("acme", "text", 100, "2026-01-20");
        await life.GoToAsync("2026-01-21");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-20 invoice: 50.00
              calls: usage so far × 100 2026-01-01..2026-02-01: 100.00
              coupon HALF: -50.00
            2026-01-21 invoice: 100.00
              texts: usage so far × 100 2026-01-01..2026-02-01: 100.00
            2026-02-01 invoice: -50.00, due 0.00 (paid)
              calls: rest of the usage × -100 2026-01-01..2026-02-01: -100.00
              coupon HALF: 50.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_each_early_bill_was_rounded_to_is_what_comes_back(string storage)
    {
        // 10 % of 100.05 is 10.005, rounded 10.01: twice 90.04 = 180.08. Of 200.10 it would be 20.01, and 180.09 come back.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await SubscribeAsync(life, 100, 100.05m, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } });
        var first = await UseAsync(life, 1, "2026-01-10");
        await life.GoToAsync("2026-01-20");
        var second = await UseAsync(life, 1, "2026-01-20");
        await life.GoToAsync("2026-01-21");
        await VoidAsync(life, first, second);
        await life.GoToAsync("2026-02-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([90.04m, 90.04m, -180.08m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Once, null)]
    [InlineData("postgres", CouponDuration.Once, null)]
    [InlineData("sqlite", CouponDuration.Repeating, 1)]
    [InlineData("postgres", CouponDuration.Repeating, 1)]
    public async Task A_coupon_that_an_early_bill_had_is_used_though_no_rest_follows(string storage, CouponDuration duration, int? periods)
    {
        // January has 100 at half their price, all of them early. February has 40 at full price, and so says the upcoming invoice.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await SubscribeAsync(life, 100, 1, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = duration, DurationPeriods = periods } });
        await UseAsync(life, 100, "2026-01-10");
        await life.GoToAsync("2026-01-11");
        var subscription = await SubscriptionAsync(life);
        await life.GoToAsync("2026-02-10");
        (await life.Billing.Subscriptions.GetAsync(life.Tenant, subscription, Token)).Coupons.Single().Uses.ShouldBe(1);
        await UseAsync(life, 40, "2026-02-10");
        (await life.Billing.Previews.UpcomingAsync(life.Tenant, subscription, Token))!.Total.Amount.ShouldBe(40m);
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-01-11 invoice: 50.00
              calls: usage so far × 100 2026-01-01..2026-02-01: 100.00
              coupon HALF: -50.00
            2026-03-01 invoice: 40.00
              calls × 40 2026-02-01..2026-03-01: 40.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    private static async Task SubscribeAsync(Scenario life, decimal threshold, decimal price, Coupon coupon, params Offer[] others)
    {
        await life.Billing.Coupons.CreateAsync(life.Tenant, coupon, Token);
        await life.PlanAsync("metered", [Offer.Usage("calls", "call", new PerUnitPrice(price)), .. others]);
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = [coupon.Code], UsageThreshold = Money.Of(threshold, Usd) });
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.GoToAsync("2026-01-10");
    }

    private static Task<string> UseAsync(Scenario life, decimal calls, string at) => life.UseAsync("acme", "call", calls, at);
}
