namespace BillApis.Scenarios;

/// <summary>Coupons of subscriptions whose usage is billed before its month ends: each takes off what it may, once.</summary>
public sealed class EarlyCouponTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_for_once_is_taken_off_one_early_bill(string storage)
    {
        // 40 at half their price, 40 and the last 10 at full price.
        await using var life = await MeteredAsync(storage, CouponDuration.Once);
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 40, "2026-01-20");
        await UseAsync(life, 10, "2026-01-25");
        await TotalsAsync(life, "2026-02-02", 20, 40, 10);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_billed_last_is_given_back_first(string storage)
    {
        // 100 at half their price, 100 at full price, and only 50 were right: 100 come back at full price and 50 at half, so that 25.00 are paid.
        await using var life = await MeteredAsync(storage, CouponDuration.Once);
        await life.GoToAsync("2026-01-10");
        await life.UseAsync("acme", "call", 50, "2026-01-10");
        var some = await life.UseAsync("acme", "call", 50, "2026-01-10");
        var all = await UseAsync(life, 100, "2026-01-20");
        await life.GoToAsync("2026-01-21");
        await VoidAsync(life, some, all);
        await TotalsAsync(life, "2026-02-02", 50, 100, -125);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Once, null, 20)]
    [InlineData("postgres", CouponDuration.Once, null, 20)]
    [InlineData("sqlite", CouponDuration.Repeating, 1, 20)]
    [InlineData("sqlite", CouponDuration.Repeating, 2, 10)]
    public async Task One_that_comes_in_the_middle_of_a_month_counts_for_it(string storage, CouponDuration duration, int? periods, decimal february)
    {
        // January's fee was 20.00. Of the 40 that are billed early half is taken off, and of February's fee only by a coupon for two periods.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Fee("fee", 20), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        var subscription = (await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd) })).Id.ToString();
        await life.GoToAsync("2026-01-15");
        await CouponAsync(life, duration, periods);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, subscription, "HALF", Token);
        await UseAsync(life, 40, "2026-01-19");
        await TotalsAsync(life, "2026-03-02", 20, 20, february, 20);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_that_an_early_bill_had_is_used_though_the_rest_is_waived(string storage)
    {
        // January has 40 at half their price, and 10 that a person waives; February 40 at full price.
        await using var life = await MeteredAsync(storage, CouponDuration.Repeating, 1);
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 10, "2026-01-20");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual }, Token);
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.RunAsync();
        await life.Billing.Invoices.CancelAsync(life.Tenant, (await life.InvoicesAsync("acme")).Single(invoice => invoice.Status is InvoiceStatus.Draft).Id.ToString(), Token);
        await UseAsync(life, 40, "2026-02-10");
        (await life.InvoicesAsync("acme")).Where(invoice => invoice.Status is not InvoiceStatus.Canceled).Select(invoice => invoice.Total.Amount).ShouldBe([20m, 40m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_amount_is_taken_off_each_month_by_its_first_bill(string storage)
    {
        // 40 of 100 are billed early, less 10.00; the 60 that are missing follow, each month.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { AmountOff = Money.Of(10, Usd), Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd), Coupons = ["TEN"], Commitment = new MinimumCommitment(Money.Of(100, Usd), new BillingInterval(IntervalUnit.Month, 1)) });
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 40, "2026-02-10");
        await TotalsAsync(life, "2026-03-02", 30, 60, 30, 60);
    }

    [Theory]
    [InlineData("sqlite", CouponDuration.Once, false)]
    [InlineData("postgres", CouponDuration.Once, false)]
    [InlineData("sqlite", CouponDuration.Forever, false)]
    [InlineData("sqlite", CouponDuration.Once, true)]
    public async Task An_amount_is_taken_off_the_bills_of_a_month_until_all_of_it_was(string storage, CouponDuration duration, bool carries)
    {
        // 60.00 off 40, 40 and 5: all of the first, half of the second, and nothing of the third, which would have been too small for it.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SIXTY", Terms = new CouponTerms { AmountOff = Money.Of(60, Usd), Duration = duration, CarryOver = carries } }, Token);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd), Coupons = ["SIXTY"] });
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 40, "2026-01-20");
        await UseAsync(life, 5, "2026-01-25");
        await TotalsAsync(life, "2026-02-02", 20, 5);

        // February has 10: the amount for once was all taken, the one of each month takes as much as there is.
        await UseAsync(life, 10, "2026-02-10");
        await TotalsAsync(life, "2026-03-02", duration is CouponDuration.Once ? [20, 5, 10] : [20, 5]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_an_early_bill_left_of_an_amount_is_not_for_another_month(string storage)
    {
        // Of 60.00, 40 were taken in January, and all of its usage had been billed then. In March 40 of the next 60.00 are.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SIXTY", Terms = new CouponTerms { AmountOff = Money.Of(60, Usd), Duration = CouponDuration.Repeating, DurationPeriods = 2 } }, Token);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd), Coupons = ["SIXTY"] });
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 40, "2026-03-10");
        await UseAsync(life, 40, "2026-03-20");
        await UseAsync(life, 40, "2026-04-10");
        await TotalsAsync(life, "2026-05-02", 20, 40);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_that_comes_after_the_end_has_the_coupon_that_early_bills_had(string storage)
    {
        // 40 early and 10 at the end, at half their price. Nothing is billed after that but the 20 that come late: 10.00.
        await using var life = await MeteredAsync(storage, CouponDuration.Forever);
        await UseAsync(life, 40, "2026-01-10");
        await UseAsync(life, 10, "2026-01-20");
        await life.GoToAsync("2026-01-21");
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 20, "2026-01-15");
        await TotalsAsync(life, "2026-02-02", 20, 5, 10);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_what_comes_late_and_what_is_void_each_bears_the_part_of_the_coupon_of_its_own(string storage)
    {
        // Half off 100 calls at 19 % and 100 books at 7 %, billed early. After the end 60 calls come late, and 100 books were none: 30.00 with 5.70 more, 50.00 with 3.50 less.
        await using var life = await TaxedAsync(storage);
        await UseAsync(life, 100, "2026-01-10");
        var wrong = await life.UseAsync("acme", "book", 100, "2026-01-10");
        await life.GoToAsync("2026-01-21");
        await life.Billing.Changes.ApplyAsync(life.Tenant, await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 60, "2026-01-15");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-02");
        await TaxesAsync(life, ("2026-01-10", 19m, 50m, 9.5m), ("2026-01-21", 7m, 50m, 3.5m), ("2026-02-02", 19m, 30m, 5.7m), ("2026-02-02", 7m, -50m, -3.5m));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_an_early_bill_gives_back_bears_the_coupon_and_the_tax_that_it_was_billed_with(string storage)
    {
        // Half off 100 books at 7 %; then the books were none, and 160 calls are billed at 19 %: 50.00 and 3.50 come back, 80.00 and 15.20 are new.
        await using var life = await TaxedAsync(storage);
        await life.GoToAsync("2026-01-10");
        var wrong = await life.UseAsync("acme", "book", 100, "2026-01-10");
        await life.GoToAsync("2026-01-11");
        await VoidAsync(life, wrong);
        await UseAsync(life, 160, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        await TaxesAsync(life, ("2026-01-11", 7m, 50m, 3.5m), ("2026-01-20", 19m, 80m, 15.2m), ("2026-01-20", 7m, -50m, -3.5m));
    }

    [Theory]
    [InlineData("sqlite", 200, 50, 9.5, 25, 1.75)]
    [InlineData("postgres", 200, 50, 9.5, 25, 1.75)]
    [InlineData("sqlite", 50, 50, 9.5, -12.5, -0.88)]
    public async Task One_for_everything_takes_its_part_of_what_one_for_books_left_of_what_comes_late(string storage, int books, double callsNet, double callsTax, double booksNet, double booksTax)
    {
        // 100 of each are billed early: of the books a quarter is left after both halves, of the calls the half. So is of 100 calls more, and of 100 books more or 50 less.
        await using var life = await TaxedAsync(storage, forBooks: true);
        await life.GoToAsync("2026-01-10");
        await life.UseAsync("acme", "book", 50, "2026-01-10");
        var wrong = await life.UseAsync("acme", "book", 50, "2026-01-10");
        await UseAsync(life, 100, "2026-01-10");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 100, "2026-01-15");
        await (books == 50 ? VoidAsync(life, wrong) : life.UseAsync("acme", "book", 100, "2026-01-15"));
        await life.GoToAsync("2026-03-02");
        await TaxesAsync(life, ("2026-01-10", 7m, 25m, 1.75m), ("2026-01-10", 19m, 50m, 9.5m), ("2026-03-01", 19m, (decimal)callsNet, (decimal)callsTax), ("2026-03-01", 7m, (decimal)booksNet, (decimal)booksTax));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Charges_that_were_billed_early_together_are_corrected_together(string storage)
    {
        // 10 % of 60.10 are 6.01. Of 20.10 they are 2.01, where twice 10.05 by themselves would make 2.02: 18.09 in all.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)), Offer.Usage("texts", "text", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(60, Usd), Coupons = ["TEN"] });
        await life.GoToAsync("2026-01-10");
        var wrong = new List<string>();
        foreach (var type in new[] { "call", "text" })
        {
            await life.UseAsync("acme", type, 10.05m, "2026-01-10");
            wrong.Add(await life.UseAsync("acme", type, 20, "2026-01-10"));
        }

        await life.GoToAsync("2026-01-11");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, [.. wrong]);
        await TotalsAsync(life, "2026-03-02", 54.09m, -36);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_ended_before_and_what_ends_now_of_one_early_bill_are_counted_once(string storage)
    {
        // 20 calls of ten days and 20 texts of the month were billed early at half their price. 10 of each were wrong, and come back together as the month ends: 20.00 less the half that was never paid.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await CouponAsync(life, CouponDuration.Forever, null);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)).Every(IntervalUnit.Day, 10), Offer.Usage("texts", "text", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd), Coupons = ["HALF"] });
        await life.GoToAsync("2026-01-05");
        var wrong = new List<string>();
        foreach (var type in new[] { "call", "text" })
        {
            await life.UseAsync("acme", type, 10, "2026-01-04");
            wrong.Add(await life.UseAsync("acme", type, 10, "2026-01-04"));
        }

        await life.RunAsync();
        await life.GoToAsync("2026-01-31T12:00");
        await VoidAsync(life, [.. wrong]);
        await TotalsAsync(life, "2026-02-02", 20, -10);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Nothing_is_upcoming_where_nothing_is_used_and_invoices_over_nothing_are_skipped(string storage)
    {
        await using var life = await MeteredAsync(storage, CouponDuration.Once);
        var subscription = await SubscriptionAsync(life);
        (await life.Billing.Previews.UpcomingAsync(life.Tenant, subscription, Token)).ShouldBeNull();
        await life.UseAsync("acme", "call", 4, "2026-03-10");
        (await life.Billing.Previews.UpcomingAsync(life.Tenant, subscription, Token))!.Total.Amount.ShouldBe(2m);
    }

    private static async Task TotalsAsync(Scenario life, string until, params decimal[] totals)
    {
        await life.GoToAsync(until);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).Where(total => total != 0).ShouldBe(totals);
        await BilledLives.VerifyAsync(life);
    }

    // Each tax that is on something.
    private static async Task TaxesAsync(Scenario life, params (string Day, decimal Rate, decimal Base, decimal Tax)[] expected)
    {
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.TaxLines.Where(tax => !tax.Base.IsZero).Select(tax => (Day.Write(invoice.CreatedAt), tax.Tax.Percentage, tax.Base.Amount, tax.Amount.Amount))).ShouldBe(expected);
        await BilledLives.VerifyAsync(life);
    }

    // Calls at 19 % and books at 7 %, both at half their price, and books at half of that where it says so.
    private async Task<Scenario> TaxedAsync(string storage, bool forBooks = false)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await CouponAsync(life, CouponDuration.Forever, null);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)), Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }) with { Product = "reading" });
        var reading = (await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id;
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "BOOKS", Terms = new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever, Products = [reading] } }, Token);
        await life.SubscribeAsync("acme", "metered", with => with with { UsageThreshold = Money.Of(30, Usd), Coupons = forBooks ? ["HALF", "BOOKS"] : ["HALF"] });
        return life;
    }

    private async Task<Scenario> MeteredAsync(string storage, CouponDuration duration, int? periods = null)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await CouponAsync(life, duration, periods);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = ["HALF"], UsageThreshold = Money.Of(30, Usd) });
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        return life;
    }

    private static Task<Coupon> CouponAsync(Scenario life, CouponDuration duration, int? periods) =>
        life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HALF", Terms = new CouponTerms { PercentOff = 50, Duration = duration, DurationPeriods = periods } }, Token);

    // Used on a day, and billed early at the end of it where that is enough.
    private static async Task<string> UseAsync(Scenario life, decimal calls, string at)
    {
        await life.GoToAsync(at);
        var used = await life.UseAsync("acme", "call", calls, at);
        await life.RunAsync();
        return used;
    }
}
