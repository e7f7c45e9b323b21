using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>Usage that was wrong, came twice or came too late: January has 5 calls at 1.00.</summary>
public sealed class LateUsageLifeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_taken_back_in_time_is_not_billed(string storage)
    {
        await using var life = await MeteredAsync(storage);
        var wrong = await life.UseAsync("acme", "call", 7, "2026-01-21");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 5.00
              calls × 5 2026-01-01..2026-02-01: 5.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_amended_in_time_is_billed_as_amended(string storage)
    {
        await using var life = await MeteredAsync(storage);
        var wrong = await life.UseAsync("acme", "call", 7, "2026-01-21");
        await life.Billing.Usage.AmendAsync(life.Tenant, new UsageAmendment { Id = wrong, Properties = UsageProperties.Of(("value", 2m)) }, Token);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 7.00
              calls × 7 2026-01-01..2026-02-01: 7.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_sent_twice_is_billed_once(string storage)
    {
        await using var life = await MeteredAsync(storage);
        var item = new UsageEvent { Id = "twice", Type = "call", Customer = "acme", Timestamp = Day.Of("2026-01-22"), Properties = UsageProperties.Of(("value", 3m)) };
        (await life.Billing.Usage.RecordAsync(life.Tenant, item, Token)).Accepted.ShouldBe(1);
        (await life.Billing.Usage.RecordAsync(life.Tenant, item, Token)).Duplicates.ShouldBe(1);
        await life.GoToAsync("2026-02-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 8.00
              calls × 8 2026-01-01..2026-02-01: 8.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_is_adjusted_on_the_next_invoice(string storage)
    {
        await using var life = await MeteredAsync(storage);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 2, "2026-01-31");
        await life.UseAsync("acme", "call", 4, "2026-02-09");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 5.00
              calls × 5 2026-01-01..2026-02-01: 5.00
            2026-03-01 invoice: 6.00
              calls × 4 2026-02-01..2026-03-01: 4.00
              calls: adjustment × 2 2026-01-01..2026-02-01: 2.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Late_usage_that_falls_into_a_cheaper_tier_makes_the_month_cheaper(string storage)
    {
        // 100 × 1.00 = 100 were billed; with one more all cost 0.50: 50.50, which is 49.50 less.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Fee("fee", 80), Offer.Usage("calls", "call", new VolumePrice([new Tier(100, 1, 0), new Tier(null, 0.5m, 0)])));
        await life.SubscribeAsync("acme", "metered");
        await life.UseAsync("acme", "call", 100, "2026-01-20");
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 1, "2026-01-31");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-01-01 invoice: 80.00
              fee 2026-01-01..2026-02-01: 80.00
            2026-02-01 invoice: 180.00
              calls × 100 2026-01-01..2026-02-01: 100.00
              fee 2026-02-01..2026-03-01: 80.00
            2026-03-01 invoice: 30.50
              calls × 0 2026-02-01..2026-03-01: 0.00
              fee 2026-03-01..2026-04-01: 80.00
              calls: adjustment × 1 2026-01-01..2026-02-01: -49.50
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_turns_out_less_is_credited_at_once_where_the_tenant_says_so(string storage)
    {
        await using var life = await MeteredAsync(storage, LateUsagePolicy.CreditMemo);
        var wrong = await life.UseAsync("acme", "call", 2, "2026-01-25");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, wrong);
        await life.GoToAsync("2026-02-11");
        await BillsAsync(life, """
            2026-02-01 invoice: 7.00, due 5.00
              calls × 7 2026-01-01..2026-02-01: 7.00
            2026-02-11 credit memo: 2.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_is_invoiced_at_once_where_the_tenant_says_so(string storage)
    {
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Invoice);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 2, "2026-01-31");
        await life.GoToAsync("2026-02-11");
        await BillsAsync(life, """
            2026-02-01 invoice: 5.00
              calls × 5 2026-01-01..2026-02-01: 5.00
            2026-02-11 supplementary invoice: 2.00
              calls: adjustment × 2 2026-01-01..2026-02-01: 2.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_is_kept_and_not_billed_where_the_tenant_says_so(string storage)
    {
        await using var life = await MeteredAsync(storage, LateUsagePolicy.Orphan);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 2, "2026-01-31");
        await life.GoToAsync("2026-03-02");
        (await life.Billing.Usage.OrphansAsync(life.Tenant, new OrphanQuery(), Token)).Items.Count.ShouldBe(1);
        await BillsAsync(life, """
            2026-02-01 invoice: 5.00
              calls × 5 2026-01-01..2026-02-01: 5.00
            2026-03-01 invoice: 0.00 (paid)
              calls × 0 2026-02-01..2026-03-01: 0.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_late_for_a_subscription_that_is_over_is_invoiced(string storage)
    {
        await using var life = await MeteredAsync(storage);
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString(), new Cancel(), Token);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 2, "2026-01-31");
        await life.GoToAsync("2026-02-12");
        await BillsAsync(life, """
            2026-02-01 invoice: 5.00
              calls × 5 2026-01-01..2026-02-01: 5.00
            2026-02-12 supplementary invoice: 2.00
              calls: adjustment × 2 2026-01-01..2026-02-01: 2.00
            """);
    }

    [Theory]
    [InlineData("sqlite", 50, 20, "-40.00", "10.00")]
    [InlineData("postgres", 50, 20, "-40.00", "10.00")]
    [InlineData("sqlite", -50, 20, "40.00", "-10.00")]
    [InlineData("postgres", -50, 20, "40.00", "-10.00")]
    public async Task What_was_discounted_is_corrected_at_what_it_was_discounted_by(string storage, int lessUsed, int percent, string left, string coupon)
    {
        // January has 100 calls at 1.00, less 20 %. February has no coupon any more, and 50 calls of January more or less come to 40.00 more or less.
        await using var life = await DiscountedAsync(storage, new CouponTerms { PercentOff = percent, Duration = CouponDuration.Once });
        await CorrectAsync(life, lessUsed);
        var total = 100m + decimal.Parse(left, System.Globalization.CultureInfo.InvariantCulture);
        await BillsAsync(life, FormattableString.Invariant($"""
            2026-02-01 invoice: 80.00
              calls × 100 2026-01-01..2026-02-01: 100.00
              coupon SALE: -20.00
            2026-03-01 invoice: {total:F2}
              calls × 100 2026-02-01..2026-03-01: 100.00
              calls: adjustment × {-lessUsed} 2026-01-01..2026-02-01: {-lessUsed:F2}
              coupon SALE: {coupon}
            """));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_coupon_could_not_take_off_it_takes_off_what_came_late(string storage)
    {
        // 130 off: 100 of 100. With 50 more of January it is 150 − 130 = 20 in all, whenever they come.
        await using var life = await DiscountedAsync(storage, new CouponTerms { AmountOff = Money.Of(130, Currency.Parse("USD")), Duration = CouponDuration.Once });
        await CorrectAsync(life, -50);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([0m, 120m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_corrected_bears_the_tax_of_its_own_bill(string storage)
    {
        // 16 % until February 10, 19 % from then on: the 50 calls of January that were none are given back with 16 %.
        await using var life = await DiscountedAsync(storage, null,
            new TaxRate { Name = "VAT", Country = "DE", Percentage = 16, ValidTo = Day.Of("2026-02-10") }, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ValidFrom = Day.Of("2026-02-10") });
        await CorrectAsync(life, 50);
        await BillsAsync(life, """
            2026-02-01 invoice: 116.00
              calls × 100 2026-01-01..2026-02-01: 100.00
              VAT 16 % on 100.00: 16.00
            2026-03-01 invoice: 61.00
              calls × 100 2026-02-01..2026-03-01: 100.00
              calls: adjustment × -50 2026-01-01..2026-02-01: -50.00
              VAT 19 % on 100.00: 19.00
              VAT 16 % on -50.00: -8.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_was_amended_into_a_month_is_named_in_its_explanation(string storage)
    {
        await using var life = await MeteredAsync(storage);
        var (moved, gone) = (await life.UseAsync("acme", "call", 2, "2026-02-03"), await life.UseAsync("acme", "call", 9, "2026-01-25"));
        await life.Billing.Usage.AmendAsync(life.Tenant, new UsageAmendment { Id = moved, Timestamp = Day.Of("2026-01-21") }, Token);
        await life.Billing.Usage.AmendAsync(life.Tenant, new UsageAmendment { Id = gone, Timestamp = Day.Of("2026-02-25") }, Token);
        await life.GoToAsync("2026-02-02");
        var invoice = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem();
        var line = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), new ExplainQuery { Line = invoice.Lines[0].Id, Limit = 1 }, Token)).Lines[0];
        var rest = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), new ExplainQuery { Line = invoice.Lines[0].Id, Limit = 1, After = line.Usage!.Events.Next }, Token)).Lines[0];
        (line.Agrees, line.Usage!.Quantity, line.Usage.EventCount).ShouldBe((true, 7m, 2));
        (line.Usage.Events.Items.ShouldHaveSingleItem().Event.Id, rest.Usage!.Events.Items.ShouldHaveSingleItem().Value, rest.Usage.Events.Next).ShouldBe((moved, 5m, null));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_comes_after_the_bill_while_the_clock_stands_still_is_not_in_its_explanation(string storage)
    {
        await using var life = await MeteredAsync(storage);
        await life.GoToAsync("2026-02-01");
        var late = await life.UseAsync("acme", "call", 3, "2026-01-30");
        var invoice = (await life.InvoicesAsync("acme")).ShouldHaveSingleItem();
        var line = (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines.ShouldHaveSingleItem();
        (line.Agrees, line.Usage!.Quantity, line.Usage.EventCount, line.Usage.Events.Items.Any(item => item.Event.Id == late)).ShouldBe((true, 5m, 1, false));
        await BilledLives.RecomputeAsync(life, invoice.Id.ToString());
    }

    // Of January 50 calls less, or more, once February runs.
    private static async Task CorrectAsync(Scenario life, int lessUsed)
    {
        await life.GoToAsync("2026-02-15");
        await life.UseAsync("acme", "call", 100, "2026-02-14");
        if (lessUsed > 0)
        {
            await VoidAsync(life, "event-2");
        }
        else
        {
            await life.UseAsync("acme", "call", -lessUsed, "2026-01-31");
        }

        await life.GoToAsync("2026-03-01");
    }

    private async Task<Scenario> DiscountedAsync(string storage, CouponTerms? coupon, params TaxRate[] rates)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        foreach (var rate in rates)
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, rate, Token);
        }

        if (coupon is not null)
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = coupon }, Token);
        }

        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered", with => with with { Coupons = coupon is null ? [] : ["SALE"] });
        await life.UseAsync("acme", "call", 50, "2026-01-20");
        await life.UseAsync("acme", "call", 50, "2026-01-21");
        return life;
    }

    private async Task<Scenario> MeteredAsync(string storage, LateUsagePolicy policy = LateUsagePolicy.Adjust)
    {
        var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = policy }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("metered", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "metered");
        await life.UseAsync("acme", "call", 5, "2026-01-20");
        return life;
    }
}
