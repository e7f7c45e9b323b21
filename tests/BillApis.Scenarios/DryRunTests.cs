using BillApis.Metering;

namespace BillApis.Scenarios;

/// <summary>A dry run counts, totals and names what the run then does.</summary>
public sealed class DryRunTests(Databases databases) : LifeTests(databases)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Usage_that_reaches_a_threshold_after_a_boundary_of_the_same_run_is_in_both(string storage)
    {
        // January has 10 calls; February has 60 by the 3rd, which reach the 50.00. Of 20 more on the 4th none do.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with => with with { UsageThreshold = Money.Of(50, Usd) });
        await life.UseAsync("acme", "call", 10, "2026-01-10");
        life.Clock.MoveTo(Day.Of("2026-02-03"));
        await life.UseAsync("acme", "call", 60, "2026-02-02");
        await BothRunsAsync(life, 2, 70);
        await life.UseAsync("acme", "call", 20, "2026-02-03");
        life.Clock.MoveTo(Day.Of("2026-02-04"));
        await BothRunsAsync(life, 0, null);
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Kind, invoice.Total.Amount)).ShouldBe([(InvoiceKind.Subscription, 10m), (InvoiceKind.Progressive, 60m)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_cannot_be_rated_is_named_once_however_often_others_are_billed_beside_it(string storage)
    {
        // The one with −5 units stays at February 1; the other two are billed together three times.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.CustomerAsync(with: customer => customer with { ConsolidateInvoices = true });
        await life.PlanAsync("fee", Offer.Fee("fee", 5).Having(terms => terms with { Timing = BillingTiming.InArrears }));
        await life.Billing.Metrics.CreateAsync(life.Tenant, new Metric { Code = "unit", Name = "Units", EventType = "unit", Aggregation = Aggregation.Sum, Property = "value", AllowNegative = true }, Token);
        await life.PlanAsync("units", Offer.Usage("units", "unit", new PerUnitPrice(1)));
        var broken = await life.SubscribeAsync("acme", "units");
        await life.SubscribeAsync("acme", "fee");
        await life.SubscribeAsync("acme", "fee");
        await life.UseAsync("acme", "unit", -5, "2026-01-10");
        life.Clock.MoveTo(Day.Of("2026-04-01"));
        foreach (var run in await BothRunsAsync(life, 3, 30))
        {
            (run.Failed, run.Failures.Single().Subscription, run.Failures.Single().Boundary).ShouldBe((1, broken.Id, Day.Of("2026-02-01")));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_coupon_that_a_supplementary_invoice_uses_up_is_used_up_for_what_comes_after_it(string storage)
    {
        // January's bill over nothing was skipped. By February 3, 97.00 come late for it and 94.00 of February reach the 50.00: the 30.00 off are taken off the first of both.
        await using var life = await StartAsync(storage, "2026-01-01");
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = LateUsagePolicy.Invoice, ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "GIFT", Terms = new CouponTerms { AmountOff = Money.Of(30, Usd), Duration = CouponDuration.Once } }, Token);
        await life.SubscribeAsync("acme", "pro", with => with with { UsageThreshold = Money.Of(50, Usd), Coupons = ["GIFT"] });
        await life.GoToAsync("2026-02-01");
        life.Clock.MoveTo(Day.Of("2026-02-03"));
        await life.UseAsync("acme", "call", 97, "2026-01-10");
        await life.UseAsync("acme", "call", 94, "2026-02-02");
        await BothRunsAsync(life, 2, 161);
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Kind, invoice.Total.Amount)).ShouldBe([(InvoiceKind.Supplementary, 67m), (InvoiceKind.Progressive, 94m)], ignoreOrder: true);
    }

    private static async Task<InvoiceRun[]> BothRunsAsync(Scenario life, int invoices, decimal? total)
    {
        InvoiceRun[] runs = [
            await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, dryRun: true, cancellationToken: Token),
            await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, cancellationToken: Token)];
        foreach (var run in runs)
        {
            (run.InvoicesCreated, run.Totals.SingleOrDefault(Money.Zero(Usd)).Amount, run.Totals.IsEmpty).ShouldBe((invoices, total ?? 0, total is null), $"dry: {run.DryRun}");
        }

        return runs;
    }
}
