namespace BillApis.Scenarios;

/// <summary>A fee that a coupon paid wholly, of which an end or a change then takes a part away: late usage that needs the coupon makes as much of the fee missing as was had of it. Books are 1.00 each at 7 %, the fee is 100.00 in advance at 19 %, and 200.00 are off once.</summary>
public sealed class PaidByCouponTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", Proration.BySecond)]
    [InlineData("postgres", Proration.BySecond)]
    [InlineData("sqlite", Proration.ByDay)]
    public async Task Half_of_what_the_coupon_does_not_pay_any_more_is_missing_after_an_end_at_half(string storage, Proration proration)
    {
        // 200.00 off were all of the 100 books and of February's fee. With 200 late books they are 150.00 of those and 50.00 of the fee, of which half a month was had: 150.00 at 7 % and 25.00 at 19 %.
        await using var life = await SoldAsync(storage, proration);
        await EndAsync(life, "2026-02-15");
        await life.GoToAsync("2026-02-16");
        var wrong = await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        var last = (await life.InvoicesAsync("acme"))[^1];
        last.Lines.Select(line => (line.Description, line.Net.Amount)).ShouldBe([("books: adjustment", 150m), ("fee: coupons take 75.00 USD, not 100.00 USD", 25m)]);
        last.TaxLines.Select(tax => (tax.Tax.Percentage, tax.Base.Amount)).ShouldBe([(7m, 150m), (19m, 25m)], ignoreOrder: true);
        await CheckAsync(life, storage);

        // Were they none after all, both come back.
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-18");
        (await life.InvoicesAsync("acme"))[^1].Lines.Select(line => line.Net.Amount).ShouldBe([-150m, -25m]);
        await CheckAsync(life, storage);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task So_it_is_where_the_invoice_of_the_end_adjusts(string storage)
    {
        await using var life = await SoldAsync(storage);
        await life.GoToAsync("2026-02-14");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await EndAsync(life, "2026-02-15");
        (await life.InvoicesAsync("acme"))[^1].Lines.Where(line => !line.Net.IsZero).Select(line => line.Net.Amount).ShouldBe([150m, 25m]);
        await CheckAsync(life, storage);
    }

    [Theory]
    [InlineData(LateUsagePolicy.Adjust)]
    [InlineData(LateUsagePolicy.Invoice)]
    public async Task An_end_that_is_known_and_not_there_yet_takes_nothing_away(LateUsagePolicy policy)
    {
        // The fee is charged at 50.00 with the late books first, and then half of that comes back.
        await using var life = await SoldAsync("sqlite", policy: policy);
        await ChangeOnAsync(life, "2026-02-05", new Cancel { At = Day.Of("2026-02-15") });
        await life.GoToAsync("2026-02-06");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-07");
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).Sum(invoice => invoice.Total.Amount - invoice.TaxTotal.Amount).ShouldBe(100m + 150m + 25m, await life.BillsAsync("acme"));
        await CheckAsync(life, $"{policy}");
    }

    [Theory]
    [InlineData(ChangeProration.None, 50)]
    [InlineData(ChangeProration.Full, 0)]
    public async Task An_end_without_proration_takes_nothing_away_and_one_that_gives_all_back_all(ChangeProration proration, int fee)
    {
        await using var life = await SoldAsync("sqlite");
        await ChangeOnAsync(life, "2026-02-15", new Cancel { When = ChangeWhen.Immediate, Proration = proration });
        await life.GoToAsync("2026-02-16");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-02-17");
        (await life.InvoicesAsync("acme"))[^1].Lines.Sum(line => line.Net.Amount).ShouldBe(150m + fee);
        await CheckAsync(life, $"{proration}");
    }

    [Theory]
    [InlineData("2026-02-15")]
    [InlineData("2026-02-22")]
    public async Task What_was_taken_away_and_is_had_again_is_missing_whole(string again)
    {
        // The fee stays billed for its month, as nothing of it was given back, and is not charged again.
        await using var life = await SoldAsync("sqlite");
        await EndAsync(life, "2026-02-15");
        await ChangeOnAsync(life, again, new Reactivate());
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.GoToAsync("2026-03-01");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Where(line => line.Kind is LineKind.Discount).Sum(line => line.Net.Amount).ShouldBe(50m, await life.BillsAsync("acme"));
        await CheckAsync(life, again);
    }

    private static async Task CheckAsync(Scenario life, string place)
    {
        await BilledLives.CheckAsync(life, place);
        await BilledLives.VerifyAsync(life);
    }

    private static Task EndAsync(Scenario life, string date) => ChangeOnAsync(life, date, new Cancel { When = ChangeWhen.Immediate });

    // January's 100 books, and February's fee, have the coupon.
    private async Task<Scenario> SoldAsync(string storage, Proration proration = Proration.BySecond, LateUsagePolicy policy = LateUsagePolicy.Adjust)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await TaxesOfTwoRatesAsync(life);
        await life.PlanAsync("shop", Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }), Offer.Fee("fee", 100).Having(terms => terms with { Proration = proration }));
        await life.SubscribeAsync("acme", "shop");
        await life.GoToAsync("2026-01-15");
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = new CouponTerms { AmountOff = Money.Of(200, Usd), Duration = CouponDuration.Once } }, Token);
        await life.Billing.Subscriptions.AddCouponAsync(life.Tenant, await SubscriptionAsync(life), "SALE", Token);
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        return life;
    }
}
