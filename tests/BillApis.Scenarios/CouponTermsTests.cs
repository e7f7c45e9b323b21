namespace BillApis.Scenarios;

/// <summary>Coupons on invoices that have more than the lines of one subscription: what people added to a draft bears none, and each subscription has as much of an amount as is left of its own.</summary>
public sealed class CouponTermsTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_percentage_is_not_taken_off_what_people_added(string storage)
    {
        // Half of 100 books at 7 %, and 10.00 of advice at 19 % that a person added. 20 late books cost 10.00.
        await using var life = await ReviewedAsync(storage, new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever }, advice: 10);
        await life.UseAsync("acme", "book", 20, "2026-01-21");
        await AddedAsync(life, (7m, 50m), (19m, 10m), (7m, 10m));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_amount_does_not_move_to_what_people_added(string storage)
    {
        // 20.00 off 100 books, and 100.00 of advice at its full price. 200 late books cost 200.00, since all of the coupon was theirs.
        await using var life = await ReviewedAsync(storage, new CouponTerms { AmountOff = Money.Of(20, Usd), Duration = CouponDuration.Once }, advice: 100);
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await AddedAsync(life, (7m, 80m), (19m, 100m), (7m, 200m));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Of_one_amount_that_carries_over_each_of_two_subscriptions_has_its_own_rest(string storage)
    {
        // 100.00 off each: the first takes 30.00 in January and February, the second all of it in February, when both are on one invoice over 30.00 and 200.00.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "HUNDRED", Terms = new CouponTerms { AmountOff = Money.Of(100, Usd), Duration = CouponDuration.Once, CarryOver = true } }, Token);
        await life.PlanAsync("small", Offer.Fee("small", 30));
        await life.PlanAsync("large", Offer.Fee("large", 200));
        await life.SubscribeAsync("acme", "small", with => with with { Coupons = ["HUNDRED"] });
        await life.SubscribeAsync("acme", "large", with => with with { Coupons = ["HUNDRED"], StartAt = Day.Of("2026-02-01") });
        await life.GoToAsync("2026-02-02");
        var last = (await life.InvoicesAsync("acme"))[^1];
        last.Discounts.Select(discount => discount.Amount.Amount).ShouldBe([30m, 100m], ignoreOrder: true);
        last.Total.Amount.ShouldBe(100m);
        await BilledLives.VerifyAsync(life);
    }

    // What each tax is on, as far as it is on something.
    private static async Task AddedAsync(Scenario life, params (decimal Rate, decimal Base)[] expected)
    {
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Automatic }, Token);
        await life.GoToAsync("2026-03-01");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.TaxLines).Where(tax => !tax.Base.IsZero).Select(tax => (tax.Tax.Percentage, tax.Base.Amount)).ShouldBe(expected, await life.BillsAsync("acme"));
        await BilledLives.VerifyAsync(life);
        await BilledLives.CheckAsync(life, "added");
    }

    // January's 100 books, and what a person added to the draft of them before issuing it.
    private async Task<Scenario> ReviewedAsync(string storage, CouponTerms terms, decimal advice)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { InvoiceApproval = InvoiceApproval.Manual, ZeroInvoices = ZeroInvoices.Skip }, Token);
        await TaxesOfTwoRatesAsync(life);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = terms }, Token);
        await life.PlanAsync("shop", Offer.Usage("books", "book", new PerUnitPrice(1)).Having(price => price with { TaxCategory = "books" }));
        await life.SubscribeAsync("acme", "shop", with => with with { Coupons = ["SALE"] });
        await life.UseAsync("acme", "book", 100, "2026-01-01");
        life.Clock.MoveTo(Day.Of("2026-02-01"));
        await life.RunAsync();
        var draft = (await life.InvoicesAsync("acme")).Single(invoice => invoice.Status is InvoiceStatus.Draft).Id.ToString();
        await life.Billing.Drafts.AddLineAsync(life.Tenant, draft, new NewInvoiceLine("Advice", advice), cancellationToken: Token);
        await life.Billing.Invoices.IssueAsync(life.Tenant, draft, Token);
        return life;
    }
}
