using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>What was used and what it costs, under each kind of price.</summary>
public sealed class UsageLifeTests(Databases databases) : LifeTests(databases)
{
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_unit_costs_what_its_tier_says(string storage)
    {
        // 2000: the first 1000 free, 1000 × 0.01 = 10. 2500 in February: 10 + 500 × 0.005 = 12.50.
        await using var life = await MeteredAsync(storage, new GraduatedPrice([new Tier(1000, 0, 0), new Tier(2000, 0.01m, 0), new Tier(null, 0.005m, 0)]));
        await life.UseAsync("acme", "call", 2000, "2026-01-20");
        await life.UseAsync("acme", "call", 2500, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 10.00
              calls × 2000 2026-01-01..2026-02-01: 10.00
            2026-03-01 invoice: 12.50
              calls × 2500 2026-02-01..2026-03-01: 12.50
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task All_units_cost_what_the_tier_of_their_number_says(string storage)
    {
        // 100 × 1.00 = 100, and one more makes all of them cheaper: 101 × 0.50 = 50.50.
        await using var life = await MeteredAsync(storage, new VolumePrice([new Tier(100, 1, 0), new Tier(null, 0.5m, 0)]));
        await life.UseAsync("acme", "call", 100, "2026-01-20");
        await life.UseAsync("acme", "call", 101, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 100.00
              calls × 100 2026-01-01..2026-02-01: 100.00
            2026-03-01 invoice: 50.50
              calls × 101 2026-02-01..2026-03-01: 50.50
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_tiers_flat_amount_is_due_once_the_tier_is_entered(string storage)
    {
        // 10: 10 × 1 + 5 = 15. 11 in February: 15 + 1 × 1 + 7 = 23.
        await using var life = await MeteredAsync(storage, new GraduatedPrice([new Tier(10, 1, 5), new Tier(null, 1, 7)]));
        await life.UseAsync("acme", "call", 10, "2026-01-20");
        await life.UseAsync("acme", "call", 11, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 15.00
              calls × 10 2026-01-01..2026-02-01: 15.00
            2026-03-01 invoice: 23.00
              calls × 11 2026-02-01..2026-03-01: 23.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_begun_package_is_paid_and_a_month_without_usage_is_an_invoice_over_nothing(string storage)
    {
        // 101 units are two packages of 100.
        await using var life = await MeteredAsync(storage, new PackagePrice(100, 5));
        await life.UseAsync("acme", "call", 101, "2026-01-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 10.00
              calls × 101 2026-01-01..2026-02-01: 10.00
            2026-03-01 invoice: 0.00 (paid)
              calls × 0 2026-02-01..2026-03-01: 0.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_is_made_up_for_and_a_maximum_taken_off(string storage)
    {
        await using var life = await MeteredAsync(storage, new PerUnitPrice(1), terms => terms with { MinimumAmount = 50, MaximumAmount = 100 });
        await life.UseAsync("acme", "call", 30, "2026-01-20");
        await life.UseAsync("acme", "call", 150, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 50.00
              calls × 30 2026-01-01..2026-02-01: 30.00
              calls: minimum 2026-01-01..2026-02-01: 20.00
            2026-03-01 invoice: 100.00
              calls × 150 2026-02-01..2026-03-01: 150.00
              calls: maximum 2026-02-01..2026-03-01: -50.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_is_prorated_with_its_month(string storage)
    {
        // 17 of 31 days: 62 × 17/31 = 34; 30 was used.
        await using var life = await StartAsync(storage, "2026-01-15");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 62 }));
        await life.SubscribeAsync("acme", "metered", with => with with { Anchor = BillingAnchor.Calendar });
        await life.UseAsync("acme", "call", 30, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 34.00
              calls × 30 2026-01-15..2026-02-01: 30.00
              calls: minimum 2026-01-15..2026-02-01 (17/31): 4.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_share_of_each_payment_and_a_fee(string storage)
    {
        // 2.9 % of 100 + 0.30 = 3.20, of 50 + 0.30 = 1.75.
        await using var life = await MeteredAsync(storage, new PercentagePrice(2.9m, 0.30m, null, null, null, null));
        await life.UseAsync("acme", "call", 100, "2026-01-10");
        await life.UseAsync("acme", "call", 50, "2026-01-20");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 4.95
              calls × 150 2026-01-01..2026-02-01: 4.95
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_line_is_rounded_once_half_away_from_zero(string storage)
    {
        // 3 × 0.335 = 1.005 on each of two lines: 1.01 and 1.01, not 2.01 for both.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("reads", "read", new PerUnitPrice(0.335m)), Offer.Usage("writes", "write", new PerUnitPrice(0.335m)));
        await life.SubscribeAsync("acme", "metered");
        await life.UseAsync("acme", "read", 3, "2026-01-10");
        await life.UseAsync("acme", "write", 3, "2026-01-10");
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 2.02
              reads × 3 2026-01-01..2026-02-01: 1.01
              writes × 3 2026-01-01..2026-02-01: 1.01
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_region_has_its_price(string storage)
    {
        // 10 × 0.10 + 5 × 0.08 + 1 × 0.20 = 1.60.
        await using var life = await MeteredAsync(storage, new MatrixPrice(["region"], [new MatrixCell(["eu"], 0.10m), new MatrixCell(["us"], 0.08m)], 0.20m));
        await life.UseAsync("acme", "call", 10, "2026-01-10", ("region", "eu"));
        await life.UseAsync("acme", "call", 5, "2026-01-10", ("region", "us"));
        await life.UseAsync("acme", "call", 1, "2026-01-10", ("region", "mars"));
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 1.60
              calls × 16 2026-01-01..2026-02-01: 1.60
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Each_group_is_a_line_of_its_own(string storage)
    {
        await using var life = await MeteredAsync(storage, new PerUnitPrice(0.1m), terms => terms with { GroupBy = ["model"] });
        await life.UseAsync("acme", "call", 10, "2026-01-10", ("model", "large"));
        await life.UseAsync("acme", "call", 4, "2026-01-11", ("model", "small"));
        await life.UseAsync("acme", "call", 5, "2026-01-12", ("model", "large"));
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 1.90
              calls (model: large) × 15 2026-01-01..2026-02-01: 1.50
              calls (model: small) × 4 2026-01-01..2026-02-01: 0.40
            """);
    }

    [Theory]
    [InlineData("sqlite", 60, 6, -5)]
    [InlineData("postgres", 60, 6, -5)]
    [InlineData("sqlite", 20, 2, -2)]
    [InlineData("postgres", 20, 2, -2)]
    public async Task A_group_that_comes_late_takes_the_place_of_the_minimum_that_was_paid_for_none(string storage, int calls, int charged, int back)
    {
        // January was not used, which costs 5.00; then calls of a model come, at 0.10: so much less is missing.
        await using var life = await MeteredAsync(storage, new PerUnitPrice(0.1m), terms => terms with { GroupBy = ["model"], MinimumAmount = 5 });
        await life.GoToAsync("2026-02-02");
        await life.UseAsync("acme", "call", calls, "2026-01-10", ("model", "large"));
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).SelectMany(invoice => invoice.Lines).Select(line => line.Amount.Amount).ShouldBe([0m, 5m, charged, back, 0m, 5m], ignoreOrder: true);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_highest_level_of_the_month_is_paid(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("peak", "level", new PerUnitPrice(2)) with { Aggregation = Aggregation.Max });
        await life.SubscribeAsync("acme", "metered");
        foreach (var (day, level) in new[] { ("2026-01-05", 3m), ("2026-01-12", 7m), ("2026-01-25", 5m) })
        {
            await life.UseAsync("acme", "level", level, day);
        }

        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 14.00
              peak × 7 2026-01-01..2026-02-01: 14.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_comes_twice_is_counted_once(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("users", "login", new PerUnitPrice(3)) with { Aggregation = Aggregation.UniqueCount });
        await life.SubscribeAsync("acme", "metered");
        foreach (var (day, user) in new[] { ("2026-01-05", 1m), ("2026-01-12", 2m), ("2026-01-25", 1m), ("2026-02-03", 1m) })
        {
            await life.UseAsync("acme", "login", user, day);
        }

        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 6.00
              users × 2 2026-01-01..2026-02-01: 6.00
            2026-03-01 invoice: 3.00
              users × 1 2026-02-01..2026-03-01: 3.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_billed_early_and_not_used_is_given_back_as_it_was_paid(string storage)
    {
        // 40 less 10 % are 36.00, with VAT 42.84. 25 of them were sent by mistake: 22.50 and 4.28 of VAT come back, not 25.00.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, TestContext.Current.CancellationToken);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, TestContext.Current.CancellationToken);
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)), Offer.Usage("texts", "text", new PerUnitPrice(2)));
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = ["TEN"], UsageThreshold = Money.Of(30, Currency.Parse("USD")) });
        await life.GoToAsync("2026-01-10");
        await life.UseAsync("acme", "call", 15, "2026-01-10");
        var wrong = await life.UseAsync("acme", "call", 25, "2026-01-10");
        life.Clock.MoveTo(Day.Of("2026-01-11"));
        var dry = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, dryRun: true, cancellationToken: TestContext.Current.CancellationToken);
        (dry.InvoicesCreated, dry.Totals.Single().Amount).ShouldBe((1, 42.84m));
        await life.GoToAsync("2026-01-11");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-01-11 invoice: 42.84
              calls: usage so far × 40 2026-01-01..2026-02-01: 40.00
              coupon TEN: -4.00
              VAT 19 % on 36.00: 6.84
            2026-02-01 invoice: -26.78, due 0.00 (paid)
              texts × 0 2026-01-01..2026-02-01: 0.00
              calls: rest of the usage × -25 2026-01-01..2026-02-01: -25.00
              coupon TEN: 2.50
              VAT 19 % on -22.50: -4.28
            """);
        await BilledLives.VerifyAsync(life);
    }

    private async Task<Scenario> MeteredAsync(string storage, PriceModel model, Func<PriceTerms, PriceTerms>? with = null)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", model).Having(with ?? (terms => terms)));
        await life.SubscribeAsync("acme", "metered");
        return life;
    }
}
