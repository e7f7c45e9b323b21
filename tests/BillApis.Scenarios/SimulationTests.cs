using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>An invoice of what did not happen: a fee of 100.00 and calls at 1.00.</summary>
public sealed class SimulationTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Coupons_credits_and_taxes_are_taken_and_nothing_is_used_up(string storage)
    {
        // 100 + 10 = 110, less 10 %: 99, less 9 of promotional credit: 90. VAT 17.10: 107.10, of which bought credit pays 50.
        await using var life = await StartAsync(storage, "2026-01-10");
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.PlanAsync("pro", Offer.Fee("fee", 100), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TENTH", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Once }, MaxRedemptions = 1 }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "OVER", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Once }, RedeemBy = Day.Of("2026-01-05") }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(9, Usd)) { Category = CreditCategory.Promotional }, Token);
        await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(50, Usd)) { Category = CreditCategory.Paid }, Token);
        var calls = new UsageEvent { Id = "1", Type = "call", Customer = "acme", Properties = UsageProperties.Of(("value", 10m)) };
        var asked = new Simulation("pro", new Interval(Day.Of("2026-02-01"), Day.Of("2026-03-01")), [calls]) { Customer = "acme", Coupons = ["TENTH"] };

        for (var again = 0; again < 2; again++)
        {
            var invoice = await life.Billing.Previews.SimulateAsync(life.Tenant, asked, Token);
            (invoice.Subtotal.Amount, invoice.DiscountTotal.Amount, invoice.CreditTotal.Amount, invoice.TaxTotal.Amount, invoice.Total.Amount, invoice.Due.Amount).ShouldBe((110m, 11m, 9m, 17.1m, 107.1m, 57.1m));
        }

        var balance = await life.Billing.Credits.BalanceAsync(life.Tenant, "acme", Token);
        (balance.Promotional.Amount, balance.Paid.Amount).ShouldBe((9m, 50m));
        (await life.Billing.Coupons.GetAsync(life.Tenant, "TENTH", Token)).Redemptions.ShouldBe(0);
        (await life.Billing.Invoices.ListAsync(life.Tenant, new StoreQuery(), Token)).Items.ShouldBeEmpty();

        (await life.Billing.Previews.SimulateAsync(life.Tenant, asked with { Customer = null }, Token)).Total.Amount.ShouldBe(99m, "nobody has neither credit nor a country");
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Previews.SimulateAsync(life.Tenant, asked with { Coupons = ["OVER"] }, Token))).Code.ShouldBe(BillingErrorCode.Conflict);
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Previews.SimulateAsync(life.Tenant, asked with { Coupons = ["NONE"] }, Token))).Code.ShouldBe(BillingErrorCode.NotFound);
    }
}
