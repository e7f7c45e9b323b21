using System.Collections.Immutable;

namespace BillApis.Cli.Tests;

/// <summary>Books at 7 % and fees at 19 %, discounted together, whose usage comes late, twice; and seats that are given up in the middle of a month.</summary>
internal static class FollowingLife
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The invoices that follow from earlier ones, with their events, oldest first.</summary>
    public static Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> ExportsAsync() => ExportedLife.LivedAsync(LiveAsync, invoice => invoice.Lines.Any(line => line.RefersBack));

    private static async Task LiveAsync(Scenario life)
    {
        await SellAsync(life);
        await life.UseAsync("acme", "book", 100, "2026-01-20");
        await life.UseAsync("acme", "token", 5_000, "2026-01-21", ("model", "small"));
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "book", 200, "2026-01-21");
        await life.UseAsync("acme", "token", 7_000, "2026-01-22", ("model", "large"));
        await life.GoToAsync("2026-03-10");
        await ExportedLife.ChangeAsync(life, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seat", 2)) { When = ChangeWhen.Immediate });
        await life.RunAsync();
        await life.UseAsync("acme", "book", 33, "2026-01-23");
        await life.GoToAsync("2026-04-02");
    }

    private static async Task SellAsync(Scenario life)
    {
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, Token);
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 7, TaxCategory = "books" }, Token);
        await life.PlanAsync("shop",
            Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { TaxCategory = "books" }) with { Product = "reading" },
            Offer.Usage("models", "token", new PerUnitPrice(0.002m)).Having(terms => terms with { GroupBy = ["model"] }),
            Offer.Fee("fee", 99.99m), Offer.Seats("seat", 7.35m, quantity: 3));
        var reading = (await life.Billing.Products.GetAsync(life.Tenant, "reading", Token)).Id;
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "SALE", Terms = new CouponTerms { AmountOff = Money.Of(20, Currency.Parse("USD")), Duration = CouponDuration.Repeating, DurationPeriods = 2 } }, Token);
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "READ", Terms = new CouponTerms { PercentOff = 12.5m, Duration = CouponDuration.Forever, Products = [reading] } }, Token);
        await life.SubscribeAsync("acme", "shop", with => with with { Coupons = ["SALE", "READ"] });
        await life.GoToAsync("2026-01-01");
    }
}
