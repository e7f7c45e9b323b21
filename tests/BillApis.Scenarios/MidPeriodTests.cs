using System.Collections.Immutable;

namespace BillApis.Scenarios;

/// <summary>Coupons, taxes and changes without proration in the middle of June 2026, which has 30 days: basic costs 10.00, pro 30.00 and top 60.00 a month, in advance.</summary>
public sealed class MidPeriodTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_amount_is_taken_off_a_month_once_whatever_is_changed_in_it(string storage)
    {
        // June: 10 − 4 = 6. On the 16th: 30 × 1/2 = 15, less half of the 6 that were paid. July: 30 − 4, and then the two months are over.
        await using var life = await RunningAsync(storage, new CouponTerms { AmountOff = Money.Of(4, Currency.Parse("USD")), Duration = CouponDuration.Repeating, DurationPeriods = 2 });
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-08-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 6.00
              basic-fee 2026-06-01..2026-07-01: 10.00
              coupon GIFT: -4.00
            2026-06-16 invoice: 12.00
              pro-fee 2026-06-16..2026-07-01 (1/2): 15.00
              basic-fee: unused time 2026-06-16..2026-07-01 (1/2): -3.00
            2026-07-01 invoice: 26.00
              pro-fee 2026-07-01..2026-08-01: 30.00
              coupon GIFT: -4.00
            2026-08-01 invoice: 30.00
              pro-fee 2026-08-01..2026-09-01: 30.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_percentage_for_a_month_is_taken_off_all_that_its_month_is_charged(string storage)
    {
        // June: 10 − 5. On the 16th: 15 − 7.50, less half of the 5 that were paid. July has no coupon any more.
        await using var life = await RunningAsync(storage, new CouponTerms { PercentOff = 50, Duration = CouponDuration.Repeating, DurationPeriods = 1 });
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 5.00
              basic-fee 2026-06-01..2026-07-01: 10.00
              coupon GIFT: -5.00
            2026-06-16 invoice: 5.00
              pro-fee 2026-06-16..2026-07-01 (1/2): 15.00
              basic-fee: unused time 2026-06-16..2026-07-01 (1/2): -2.50
              coupon GIFT: -7.50
            2026-07-01 invoice: 30.00
              pro-fee 2026-07-01..2026-08-01: 30.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_of_two_months_counts_for_two_months_in_arrears_too(string storage)
    {
        // 10 a month in arrears. Half of June is billed on the 16th, 5 − 4 = 1, the other half of pro with July 1: 15 without the amount, which June has had. July: 30 − 4.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        foreach (var (code, amount) in new[] { ("basic", 10m), ("pro", 30m) })
        {
            await life.PlanAsync(code, Offer.Fee($"{code}-fee", amount).Having(terms => terms with { Timing = BillingTiming.InArrears }));
        }

        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "GIFT", Terms = new CouponTerms { AmountOff = Money.Of(4, Currency.Parse("USD")), Duration = CouponDuration.Repeating, DurationPeriods = 2 } }, Token);
        await life.SubscribeAsync("acme", "basic", with => with with { Coupons = ["GIFT"] });
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-09-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([1m, 15m, 26m, 30m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Unused_time_is_given_back_with_the_tax_that_it_was_charged_with(string storage)
    {
        // 16 % until June 10: 1.60 on 10. On the 16th the new 15 bear 19 %, and the 5 that are given back their 16 %.
        await using var life = await RunningAsync(storage, null, "DE",
            new TaxRate { Name = "VAT", Country = "DE", Percentage = 16, ValidTo = Day.Of("2026-06-10") }, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19, ValidFrom = Day.Of("2026-06-10") });
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("pro"));
        await life.GoToAsync("2026-06-21");
        await ChangeAsync(life, new Cancel { When = ChangeWhen.Immediate });
        await BillsAsync(life, """
            2026-06-01 invoice: 11.60
              basic-fee 2026-06-01..2026-07-01: 10.00
              VAT 16 % on 10.00: 1.60
            2026-06-16 invoice: 12.05
              pro-fee 2026-06-16..2026-07-01 (1/2): 15.00
              basic-fee: unused time 2026-06-16..2026-07-01 (1/2): -5.00
              VAT 19 % on 15.00: 2.85
              VAT 16 % on -5.00: -0.80
            2026-06-21 invoice: -11.90, due 0.00 (paid)
              pro-fee: unused time 2026-06-21..2026-07-01 (1/3): -10.00
              VAT 19 % on -10.00: -1.90
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_after_one_without_proration_settles_both_from_its_own_day(string storage)
    {
        // June 11: nothing. June 21: 60 × 1/3 = 20, and of the 10 that were paid for June a third is not used.
        await using var life = await RunningAsync(storage);
        await life.GoToAsync("2026-06-11");
        await ChangeAsync(life, new ChangePlan("pro") { Proration = ChangeProration.None });
        await life.GoToAsync("2026-06-21");
        await ChangeAsync(life, new ChangePlan("top"));
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 10.00
              basic-fee 2026-06-01..2026-07-01: 10.00
            2026-06-21 invoice: 16.67
              top-fee 2026-06-21..2026-07-01 (1/3): 20.00
              basic-fee: unused time 2026-06-21..2026-07-01 (1/3): -3.33
            2026-07-01 invoice: 60.00
              top-fee 2026-07-01..2026-08-01: 60.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Who_cancels_after_a_change_without_proration_gets_back_what_was_paid(string storage)
    {
        // 10 × 1/3 of what June 1 charged; of pro nothing was.
        await using var life = await RunningAsync(storage);
        await life.GoToAsync("2026-06-11");
        await ChangeAsync(life, new ChangePlan("pro") { Proration = ChangeProration.None });
        await life.GoToAsync("2026-06-21");
        await ChangeAsync(life, new Cancel { When = ChangeWhen.Immediate });
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([10m, -3.33m]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Seats_whose_price_rose_without_proration_are_given_back_at_what_they_cost(string storage)
    {
        // 3 × 4 = 12 for June. From the 11th a seat costs 5, from July on. On the 21st there are 6: 6 × 5 × 1/3 = 10, less 3 × 4 × 1/3 = 4.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seat", 4, quantity: 3));
        await life.SubscribeAsync("acme", "team");
        await life.GoToAsync("2026-06-11");
        var terms = (await life.Billing.Prices.GetAsync(life.Tenant, "seat", Token)).Terms;
        await ChangeAsync(life, new ChangePrices(ImmutableSortedDictionary<string, PriceTerms>.Empty.Add("seat", terms with { Model = new PerUnitPrice(5) })) { Proration = ChangeProration.None });
        await life.GoToAsync("2026-06-21");
        await ChangeAsync(life, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 6)));
        await life.GoToAsync("2026-07-02");
        await BillsAsync(life, """
            2026-06-01 invoice: 12.00
              seat × 3 2026-06-01..2026-07-01: 12.00
            2026-06-21 invoice: 6.00
              seat × 6 2026-06-21..2026-07-01 (1/3): 10.00
              seat: unused time 2026-06-21..2026-07-01 (1/3): -4.00
            2026-07-01 invoice: 30.00
              seat × 6 2026-07-01..2026-08-01: 30.00
            """);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_is_billed_early_by_the_threshold_of_the_plan_that_there_is_now(string storage)
    {
        // The first plan has none; the second bills 50 at once. 60 on the 20th reach it, and the end of June has the 5 that are left.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("small", Offer.Usage("small-calls", "call", new PerUnitPrice(1)));
        var price = (await life.PlanAsync("draft", Offer.Usage("big-calls", "call", new PerUnitPrice(1)))).Latest.Items[0].Price;
        await life.Billing.Plans.CreateAsync(life.Tenant, new Plan { Code = "big", Name = "big", Currency = Currency.Parse("USD"), Versions = [new PlanVersion(1, [new PlanItem(price)]) { UsageThreshold = Money.Of(50, Currency.Parse("USD")) }] }, Token);
        await life.Billing.Plans.PublishAsync(life.Tenant, "big", Token);
        await life.SubscribeAsync("acme", "small");
        await life.GoToAsync("2026-06-16");
        await ChangeAsync(life, new ChangePlan("big"));
        await life.UseAsync("acme", "call", 60, "2026-06-20");
        await life.GoToAsync("2026-06-21");
        await life.UseAsync("acme", "call", 5, "2026-06-25");
        await life.GoToAsync("2026-07-01");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Kind, invoice.Total.Amount))
            .ShouldBe([(InvoiceKind.Subscription, 0m), (InvoiceKind.Progressive, 60m), (InvoiceKind.Subscription, 5m)]);
    }

    private static async Task<SubscriptionChanged> ChangeAsync(Scenario life, SubscriptionChange change) =>
        await life.Billing.Changes.ApplyAsync(life.Tenant, (await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery(), Token)).Items[0].Id.ToString(), change.When is null && change.At is null ? change with { When = ChangeWhen.Immediate } : change, Token);

    private async Task<Scenario> RunningAsync(string storage, CouponTerms? coupon = null, string? country = null, params TaxRate[] rates)
    {
        var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync(with: customer => customer with { Country = country });
        foreach (var rate in rates)
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, rate, Token);
        }

        foreach (var (code, amount) in new[] { ("basic", 10m), ("pro", 30m), ("top", 60m) })
        {
            await life.PlanAsync(code, Offer.Fee($"{code}-fee", amount));
        }

        if (coupon is not null)
        {
            await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "GIFT", Terms = coupon }, Token);
        }

        await life.SubscribeAsync("acme", "basic", with => with with { Coupons = coupon is null ? [] : ["GIFT"] });
        return life;
    }
}
