namespace BillApis.Scenarios;

/// <summary>Changes in the middle of a period whose fee was discounted, or had a minimum.</summary>
public sealed class DiscountedChangeTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_given_back_of_a_discounted_fee_is_rounded_once(string storage)
    {
        // 99.99 were paid, and 5 of 30 days are left: a sixth, 16.665, is 16.67. A sixth of 100.00 first, cut to 24 digits, would be a cent less.
        await using var life = await StartAsync(storage, "2026-06-01");
        var subscription = await SubscribeAsync(life, 100, new CouponTerms { AmountOff = Money.Of(0.01m, Currency.Parse("USD")), Duration = CouponDuration.Forever });
        await life.GoToAsync("2026-06-26");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Cancel { When = ChangeWhen.Immediate }, Token);
        await BillsAsync(life, """
            2026-06-01 invoice: 99.99
              fee 2026-06-01..2026-07-01: 100.00
              coupon OFF: -0.01
            2026-06-26 invoice: -16.67, due 0.00 (paid)
              fee: unused time 2026-06-26..2026-07-01 (1/6): -16.67
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_discounted_fee_is_given_back_at_any_second(string storage)
    {
        // 50.46 of 100.92 were paid, and 2,591,999 of 2,592,000 seconds are left: 50.46 but for 0.00002.
        await using var life = await StartAsync(storage, "2026-06-01");
        var subscription = await SubscribeAsync(life, 100.92m, new CouponTerms { PercentOff = 50, Duration = CouponDuration.Forever });
        await life.GoToAsync("2026-06-01T00:00:01");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Cancel { When = ChangeWhen.Immediate }, Token);
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([50.46m, -50.46m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_minimum_is_given_back_in_the_part_of_its_own_time_and_explained(string storage)
    {
        // 3 seats at 2.00 and 24.00 up to the minimum of 30.00, half of both back.
        await using var life = await StartAsync(storage, "2026-06-01");
        await life.CustomerAsync();
        await life.PlanAsync("team", Offer.Seats("seats", 2, 3).Having(terms => terms with { MinimumAmount = 30 }));
        var subscription = (await life.SubscribeAsync("acme", "team")).Id.ToString();
        await life.GoToAsync("2026-06-16");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Cancel { When = ChangeWhen.Immediate }, Token);
        await BillsAsync(life, """
            2026-06-01 invoice: 30.00
              seats × 3 2026-06-01..2026-07-01: 6.00
              seats: minimum 2026-06-01..2026-07-01: 24.00
            2026-06-16 invoice: -15.00, due 0.00 (paid)
              seats: unused time 2026-06-16..2026-07-01 (1/2): -3.00
              seats: minimum: unused time 2026-06-16..2026-07-01 (1/2): -12.00
            """);
        await BilledLives.VerifyAsync(life);
    }

    private static async Task<string> SubscribeAsync(Scenario life, decimal fee, CouponTerms terms)
    {
        await life.CustomerAsync();
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "OFF", Terms = terms }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", fee));
        var subscription = await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["OFF"] });
        await life.RunAsync();
        return subscription.Id.ToString();
    }
}
