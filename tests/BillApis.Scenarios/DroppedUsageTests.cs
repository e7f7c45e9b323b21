namespace BillApis.Scenarios;

/// <summary>Usage that was billed at the very instant at which its period begins, and that a change of that instant takes its price from.</summary>
public sealed class DroppedUsageTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_plan_that_is_changed_as_the_month_begins_gives_back_what_was_billed_early_by_the_old_one(string storage)
    {
        // 40 calls at 1.00 less 10 % are 36.00, with VAT 42.84. All of February costs 0.50 a call: 42.84 come back at once, and the 50 calls of February are 25.00 less 2.50, with VAT 26.78.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        var subscription = await SubscribeAsync(life);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new ChangePlan("half") { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-02-20");
        await life.UseAsync("acme", "call", 10, "2026-02-20");
        await life.GoToAsync("2026-03-02");
        await BillsAsync(life, """
            2026-02-01 invoice: 42.84
              calls: usage so far × 40 2026-02-01..2026-03-01: 40.00
              coupon TEN: -4.00
              VAT 19 % on 36.00: 6.84
            2026-02-01 invoice: -42.84, due 0.00 (paid)
              calls: rest of the usage × -40 2026-02-01..2026-02-01 (0/1): -40.00
              coupon TEN: 4.00
              VAT 19 % on -36.00: -6.84
            2026-03-01 invoice: 26.78, due 0.00 (paid)
              half-calls × 50 2026-02-01..2026-03-01: 25.00
              coupon TEN: -2.50
              paid credit: -26.78
              VAT 19 % on 22.50: 4.28
            """);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_pause_as_the_month_begins_gives_back_what_was_billed_early_and_a_month_that_goes_on_after_all_is_charged_again(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        var preview = (await life.Billing.Changes.PreviewAsync(life.Tenant, subscription, new Pause { When = ChangeWhen.Immediate }, Token)).Invoice!;
        preview.Total.Amount.ShouldBe(-36m);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Pause { When = ChangeWhen.Immediate }, Token);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Resume { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-03-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([36m, -36m, 36m]);
        await BilledLives.VerifyAsync(life);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_end_as_the_month_begins_gives_back_what_was_billed_early(string storage)
    {
        await using var life = await StartAsync(storage, "2026-01-01");
        var subscription = await SubscribeAsync(life);
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new Cancel { When = ChangeWhen.Immediate }, Token);
        await life.GoToAsync("2026-04-02");
        (await life.InvoicesAsync("acme")).Select(invoice => invoice.Total.Amount).ShouldBe([36m, -36m]);
        await BilledLives.VerifyAsync(life);
    }

    // Nothing in January; 40 calls as February begins, which are billed at once, less 10 %.
    private static async Task<string> SubscribeAsync(Scenario life)
    {
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("whole", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.PlanAsync("half", Offer.Usage("half-calls", "call", new PerUnitPrice(0.5m)));
        var subscription = await life.SubscribeAsync("acme", "whole", with => with with { Coupons = ["TEN"], UsageThreshold = Money.Of(30, Usd) });
        await life.GoToAsync("2026-02-01");
        await life.UseAsync("acme", "call", 40, "2026-02-01");
        await life.RunAsync();
        return subscription.Id.ToString();
    }
}
