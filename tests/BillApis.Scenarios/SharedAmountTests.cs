namespace BillApis.Scenarios;

/// <summary>An amount off each month that several bills of a month could have, and usage that comes late to them. A fee of 31.00 is billed as the month begins, calls at 1.00 each as it ends or the plan changes.</summary>
public sealed class SharedAmountTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", 50, 30, 31 + 50)]
    [InlineData("postgres", 50, 30, 31 + 50)]
    [InlineData("sqlite", 5, 0, 31 + 35)]
    public async Task What_comes_late_to_a_bill_over_no_calls_has_what_a_change_in_the_month_left_of_it(string storage, int used, int change, int last)
    {
        // 20.00 off the month of the bill of 1 August, which has no calls. The change has up to 20 of its own 50 calls, or of 5, free: of July's 50 that come late nothing is off more, or 15.00.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Adjust);
        await ChangedAsync(life, used);
        await life.GoToAsync("2026-08-20");
        await life.UseAsync("acme", "call", 50, "2026-07-20");
        await TotalsAsync(life, "2026-09-02", [31, 31, change, last]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_calls_of_the_change_have_it_before_those_that_come_late_to_the_same_invoice(string storage)
    {
        // 50 of August, less 20.00, and 50 of July.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Adjust);
        await life.GoToAsync("2026-08-12");
        await life.UseAsync("acme", "call", 50, "2026-07-20");
        await ChangedAsync(life, 50);
        await TotalsAsync(life, "2026-09-02", [31, 31, 80, 31]);

        // Another 10 of July.
        await life.UseAsync("acme", "call", 10, "2026-07-21");
        await TotalsAsync(life, "2026-10-02", [31, 31, 80, 31, 41]);
    }

    [Theory]
    [InlineData("sqlite", 50, 30)]
    [InlineData("postgres", 50, 30)]
    [InlineData("sqlite", 5, 0)]
    public async Task What_comes_late_first_has_it_and_the_change_has_none(string storage, int late, int supplement)
    {
        // July's late calls are invoiced at once, less 20.00, as they would have been on 1 August. The change in August has all its 50 calls to pay; 20 more of July are free as far as the 20.00 go.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Invoice);
        await life.GoToAsync("2026-08-10");
        await life.UseAsync("acme", "call", late, "2026-07-20");
        await ChangedAsync(life, 50);
        await life.GoToAsync("2026-08-20");
        await life.UseAsync("acme", "call", 20, "2026-07-21");
        await TotalsAsync(life, "2026-09-02", [31, 31, supplement, 50, 31, late - supplement]);

        // September's own 20.00 are untouched.
        await life.UseAsync("acme", "call", 25, "2026-09-01");
        await TotalsAsync(life, "2026-10-02", [31, 31, supplement, 50, 31, late - supplement, 36]);
    }

    [Theory]
    [InlineData("sqlite", LateUsagePolicy.Invoice, new[] { 80 })]
    [InlineData("postgres", LateUsagePolicy.Invoice, new[] { 80 })]
    [InlineData("sqlite", LateUsagePolicy.Adjust, new[] { 80 + 30 })]
    public async Task Months_without_a_bill_have_the_one_of_the_invoice_that_has_their_calls(string storage, LateUsagePolicy policy, int[] totals)
    {
        // 20.00 off each invoice: the 50 calls of July and of August that come late are on one, at once or with 30 of September.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy, ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("metered", Calls("calls"));
        await SubscribeAsync(life, "metered");
        await life.GoToAsync("2026-09-10");
        await life.UseAsync("acme", "call", 50, "2026-07-20");
        await life.UseAsync("acme", "call", 50, "2026-08-20");
        if (policy is LateUsagePolicy.Adjust)
        {
            await life.UseAsync("acme", "call", 30, "2026-09-09");
        }

        await TotalsAsync(life, "2026-10-02", totals);
    }

    private static Offer Calls(string code) => Offer.Usage(code, "call", new PerUnitPrice(1)) with { Product = "calling" };

    // Half of August is over; the fees of both plans are alike.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_takes_the_coupon_on_again_has_the_amount_again_and_gives_back_as_much_as_was_had(string storage)
    {
        // 50 of July, less 20.00, beside the fee; 50 of August, less the 20.00 of the coupon that was taken on again. 45 of them were a mistake: of the other 5.00, 5.00 are off, so that 45.00 less 15.00 are taken off the next fee.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Adjust);
        await life.UseAsync("acme", "call", 50, "2026-07-20");
        await life.GoToAsync("2026-08-05");
        await life.Billing.Subscriptions.RemoveCouponAsync(life.Tenant, await SubscriptionAsync(life), "SALE", Token);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), "SALE", Token);
        await life.GoToAsync("2026-08-14");
        var mistake = await life.UseAsync("acme", "call", 45, "2026-08-06");
        await ChangedAsync(life, 5);
        await life.GoToAsync("2026-08-20");
        await VoidAsync(life, mistake);
        await TotalsAsync(life, "2026-09-02", [31, 61, 30, 1]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_charged_once_as_a_new_month_begins_is_of_that_month_with_all_that_is_billed_with_it(string storage)
    {
        // 50 of July, less 20.00 in the month of 1 August, beside the fee. The plan of 15 August begins a month of its own: 50 of August, less the 20.00 of that month, 5.00 for its setup, and 17.00 of the fee come back. 45 of those calls were a mistake: 45.00 less 15.00 come back beside the next month.
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Adjust);
        await life.PlanAsync("new", Offer.Fee("setup", 5).Having(terms => terms with { Interval = null }), Calls("new-calls"));
        await life.UseAsync("acme", "call", 50, "2026-07-20");
        await life.GoToAsync("2026-08-14");
        await life.UseAsync("acme", "call", 5, "2026-08-05");
        var mistake = await life.UseAsync("acme", "call", 45, "2026-08-06");
        await ChangeOnAsync(life, "2026-08-15", new ChangePlan("new") { When = ChangeWhen.Immediate, Anchor = BillingAnchor.Subscription });
        await life.GoToAsync("2026-08-20");
        await VoidAsync(life, mistake);
        await TotalsAsync(life, "2026-09-16", [31, 61, 50 - 20 + 5 - 17, -30]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_commitment_that_is_met_after_all_comes_back_with_the_amount_that_it_had_though_the_coupon_is_redeemed_again(string storage)
    {
        // 40.00 are missing on July 21, less 5.00. July's 50 calls have the 5.00 of the coupon's second time, and meet the commitment: 35.00 come back. Of the next 40.00, 5.00 are August's.
        await using var life = await StartAsync(storage, "2026-07-01");
        await life.CustomerAsync();
        await life.PlanAsync("first", Calls("calls"));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "FIVE", Terms = new CouponTerms { AmountOff = Money.Of(5, Usd), Duration = CouponDuration.Forever } }, Token);
        await life.SubscribeAsync("acme", "first", with => with with { Coupons = ["FIVE"], Commitment = new MinimumCommitment(Money.Of(40, Usd), new BillingInterval(IntervalUnit.Day, 20)) });
        await life.GoToAsync("2026-07-22");
        await life.Billing.Subscriptions.RemoveCouponAsync(life.Tenant, await SubscriptionAsync(life), "FIVE", Token);
        await life.GoToAsync("2026-07-23");
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), "FIVE", Token);
        await life.UseAsync("acme", "call", 50, "2026-07-23");
        await TotalsAsync(life, "2026-08-11", [35, 45 - 35, 35]);
    }

    private static async Task ChangedAsync(Scenario life, int used)
    {
        await life.GoToAsync("2026-08-14");
        await life.UseAsync("acme", "call", used, "2026-08-05");
        await ChangeOnAsync(life, "2026-08-15", new ChangePlan("other") { When = ChangeWhen.Immediate });
    }

    private static async Task SubscribeAsync(Scenario life, string plan)
    {
        var terms = new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Forever, Products = [(await life.Billing.Products.GetAsync(life.Tenant, "calling", Token)).Id] };
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = terms }, Token);
        await life.SubscribeAsync("acme", plan, with => with with { Coupons = ["SALE"] });
    }

    private static async Task TotalsAsync(Scenario life, string until, int[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe(totals.Select(total => (decimal)total), await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, until);
    }

    private async Task<Scenario> MeteredAsync(string storage, LateUsagePolicy policy)
    {
        var life = await StartAsync(storage, "2026-07-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("first", Offer.Fee("fee", 31), Calls("calls"));
        await life.PlanAsync("other", Offer.Fee("other-fee", 31), Calls("other-calls"));
        await SubscribeAsync(life, "first");
        return life;
    }
}
