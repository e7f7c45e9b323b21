using System.Collections.Immutable;
using BillApis.Pricing;

namespace BillApis.Cli.Tests;

/// <summary>At least 200.00 a month by the plan, under a coupon: seats that are given up in mid-month, usage that comes late and makes less missing, and an end before the month's.</summary>
internal static class CommittedLife
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The invoices that settle a month, with their events, oldest first.</summary>
    public static Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> ExportsAsync() => ExportedLife.LivedAsync(LiveAsync, invoice => invoice.Lines.Any(line => line.Kind is LineKind.Commitment));

    private static async Task LiveAsync(Scenario life)
    {
        await SellAsync(life);
        await life.UseAsync("acme", "call", 30, "2026-01-20");
        await life.GoToAsync("2026-01-16T12:00");
        await ExportedLife.ChangeAsync(life, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 2)) { When = ChangeWhen.Immediate });
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 47, "2026-01-21");
        await life.GoToAsync("2026-03-11");
        await ExportedLife.ChangeAsync(life, new Cancel { When = ChangeWhen.Immediate });
        await life.RunAsync();
    }

    private static async Task SellAsync(Scenario life)
    {
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 10, Duration = CouponDuration.Forever } }, Token);
        await life.PlanAsync("pro", Offer.Fee("fee", 31), Offer.Seats("seat", 8, quantity: 4), Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.Billing.Plans.AddVersionAsync(life.Tenant, "pro", Token);
        await life.Billing.Plans.UpdateAsync(life.Tenant, "pro", sold => sold.WithDraft(draft => draft with { Commitment = new MinimumCommitment(Money.Of(200, Currency.Parse("USD")), new BillingInterval(IntervalUnit.Month, 1)) }), Token);
        await life.Billing.Plans.PublishAsync(life.Tenant, "pro", Token);
        await life.SubscribeAsync("acme", "pro", with => with with { Coupons = ["TEN"] });
        await life.GoToAsync("2026-01-01");
    }
}
