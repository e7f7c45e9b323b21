namespace BillApis.Scenarios;

/// <summary>Coupons and credits on a monthly fee of 100.</summary>
public sealed class DiscountLifeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_for_once_counts_once(string storage)
    {
        await using var life = await PaidAsync(storage, ("WELCOME", new CouponTerms { PercentOff = 20, Duration = CouponDuration.Once }));
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 80.00
              fee 2026-01-01..2026-02-01: 100.00
              coupon WELCOME: -20.00
            2026-02-01 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_for_two_months_goes_on_after_it_may_not_be_redeemed_any_more(string storage)
    {
        // Redeemed on January 1, redeemable until the 15th, in the middle of the month.
        await using var life = await PaidAsync(storage, Day.Of("2026-01-15"), ("HALF", new CouponTerms { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = 2 }));
        await life.GoToAsync("2026-03-02");
        (await Should.ThrowAsync<BillingException>(() => life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["HALF"] }))).Code.ShouldBe(BillingErrorCode.Conflict);
        await BillsAsync(life, """
            2026-01-01 invoice: 50.00
              fee 2026-01-01..2026-02-01: 100.00
              coupon HALF: -50.00
            2026-02-01 invoice: 50.00
              fee 2026-02-01..2026-03-01: 100.00
              coupon HALF: -50.00
            2026-03-01 invoice: 100.00
              fee 2026-03-01..2026-04-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_takes_no_more_than_there_is(string storage)
    {
        await using var life = await PaidAsync(storage, ("GIFT", new CouponTerms { AmountOff = Money.Of(130, Currency.Parse("USD")), Duration = CouponDuration.Forever }));
        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
              coupon GIFT: -100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_amount_for_once_that_carries_over_is_taken_until_nothing_is_left_of_it(string storage)
    {
        // 100 and 100 of 250 pay two months, and 50 half of the third.
        await using var life = await PaidAsync(storage, ("GIFT", new CouponTerms { AmountOff = Money.Of(250, Currency.Parse("USD")), Duration = CouponDuration.Once, CarryOver = true }));
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.DiscountTotal.Amount, invoice.Total.Amount)).ShouldBe([(100m, 0m), (100m, 0m), (50m, 50m), (0m, 100m)]);
        var used = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Coupons.Single();
        (used.Uses, used.Left!.Value.Amount, used.IsUsedUp).ShouldBe((3, 0m, true));
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_correction_takes_no_more_of_an_amount_that_carries_over_than_its_bill_did(string storage)
    {
        // January's 6 of 12 are taken by it, February takes the other 6 of its 10. 4 more in January cost 4.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "GIFT", Terms = new CouponTerms { AmountOff = Money.Of(12, Currency.Parse("USD")), Duration = CouponDuration.Once, CarryOver = true } }, Token);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = ["GIFT"] });
        await life.UseAsync("acme", "call", 6, "2026-01-10");
        await life.UseAsync("acme", "call", 10, "2026-02-10");
        await life.GoToAsync("2026-03-10");
        await life.UseAsync("acme", "call", 4, "2026-01-20");
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([0m, 4m, 4m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_in_the_middle_of_a_month_counts_from_the_next_invoice(string storage)
    {
        await using var life = await PaidAsync(storage);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "LATER", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.GoToAsync("2026-01-15");
        var subscription = (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString();
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, subscription, "LATER", Token);
        await life.GoToAsync("2026-02-15");
        await life.Billing.Subscriptions.RemoveCouponAsync(life.Tenant, subscription, "LATER", Token);
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00
              fee 2026-01-01..2026-02-01: 100.00
            2026-02-01 invoice: 90.00
              fee 2026-02-01..2026-03-01: 100.00
              coupon LATER: -10.00
            2026-03-01 invoice: 100.00
              fee 2026-03-01..2026-04-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_two_coupons_the_older_is_taken_first(string storage)
    {
        // 100 − 10 = 90, and half of that is 45. The other way round it would be 40.
        await using var life = await PaidAsync(storage, ("TEN", new CouponTerms { AmountOff = Money.Of(10, Currency.Parse("USD")), Duration = CouponDuration.Forever }));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever } }, Token);
        await life.GoToAsync("2026-01-10");
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString(), "HALF", Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 90.00
              fee 2026-01-01..2026-02-01: 100.00
              coupon TEN: -10.00
            2026-02-01 invoice: 45.00
              fee 2026-02-01..2026-03-01: 100.00
              coupon TEN: -10.00
              coupon HALF: -45.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Promotional_credit_discounts_and_bought_credit_pays(string storage)
    {
        // 100 − 30 = 70, paid 50: 20 are due.
        await using var life = await PaidAsync(storage);
        await GrantAsync(life, 30, CreditCategory.Promotional);
        await GrantAsync(life, 50, CreditCategory.Paid);
        await life.GoToAsync("2026-01-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 70.00, due 20.00
              fee 2026-01-01..2026-02-01: 100.00
              promotional credit: -30.00
              paid credit: -50.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Credit_is_used_until_it_is_gone(string storage)
    {
        // 250 pay two fees of 100 and a half of the third.
        await using var life = await PaidAsync(storage);
        await GrantAsync(life, 250, CreditCategory.Paid);
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
              paid credit: -100.00
            2026-02-01 invoice: 100.00, due 0.00 (paid)
              fee 2026-02-01..2026-03-01: 100.00
              paid credit: -100.00
            2026-03-01 invoice: 100.00, due 50.00
              fee 2026-03-01..2026-04-01: 100.00
              paid credit: -50.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Credit_that_expires_in_the_middle_of_a_month_does_not_reach_the_next_invoice(string storage)
    {
        await using var life = await PaidAsync(storage);
        await GrantAsync(life, 120, CreditCategory.Promotional, expires: "2026-01-20");
        await life.GoToAsync("2026-02-02");
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Total.IsZero.ShouldBeTrue();
        await BillsAsync(life, """
            2026-01-01 invoice: 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
              promotional credit: -100.00
            2026-02-01 invoice: 100.00
              fee 2026-02-01..2026-03-01: 100.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_smaller_priority_is_used_first_and_then_what_expires_sooner(string storage)
    {
        // 60 of the first, 30 of what expires, and 10 of the other: the last keeps 20.
        await using var life = await PaidAsync(storage);
        await GrantAsync(life, 30, CreditCategory.Promotional, priority: 2);
        await GrantAsync(life, 30, CreditCategory.Promotional, priority: 2, expires: "2026-06-01");
        await GrantAsync(life, 60, CreditCategory.Promotional, priority: 1);
        await life.GoToAsync("2026-01-02");
        (await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token)).Promotional.Amount.ShouldBe(20m);
        await BillsAsync(life, """
            2026-01-01 invoice: 0.00 (paid)
              fee 2026-01-01..2026-02-01: 100.00
              promotional credit: -60.00
              promotional credit: -30.00
              promotional credit: -10.00
            """);
    }

    private static Task<CreditGrant> GrantAsync(Scenario life, decimal amount, CreditCategory category, int priority = CreditGrant.DefaultPriority, string? expires = null) =>
        life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(amount, Currency.Parse("USD"))) { Category = category, Priority = priority, ExpiresAt = expires is null ? null : Day.Of(expires) }, Token);

    private Task<Scenario> PaidAsync(string storage, params (string Code, CouponTerms Terms)[] coupons) => PaidAsync(storage, null, coupons);

    private async Task<Scenario> PaidAsync(string storage, Instant? redeemBy, params (string Code, CouponTerms Terms)[] coupons)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        foreach (var (code, terms) in coupons)
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = code, Terms = terms, RedeemBy = redeemBy }, Token);
        }

        await life.PlanAsync("pro", Offer.Fee("fee", 100));
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = [.. coupons.Select(coupon => coupon.Code)] });
        return life;
    }
}
