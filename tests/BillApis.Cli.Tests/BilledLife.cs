using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli.Tests;

/// <summary>A stub of a month with every kind of line, coupons, credits and taxes, exported; invoices that settle commitments; and some that give back, adjust and discount otherwise what earlier ones billed.</summary>
public sealed class BilledLife : IAsyncLifetime
{
    private readonly string _file = SqliteFile.NewPath();

    /// <summary>Each invoice with its events, oldest first.</summary>
    public IReadOnlyList<(byte[] Invoice, byte[] Events)> Exports { get; private set; } = [];

    public string Connection => $"Data Source={_file}";

    public TenantId Tenant { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await using var life = await Scenario.StartAsync(billing => billing.UseSqlite(Connection), "2026-01-15", TestContext.Current.CancellationToken);
        Tenant = life.Tenant;
        await SellAsync(life);
        await UseAsync(life);
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 333, "2026-01-30");
        await life.GoToAsync("2026-03-02");
        Exports = [.. await ExportedLife.OfAsync(life, _ => true), .. await CommittedLife.ExportsAsync(), .. await RenewedLife.ExportsAsync(), .. await BoundedLife.ExportsAsync(), .. await FollowingLife.ExportsAsync()];
    }

    public ValueTask DisposeAsync()
    {
        SqliteFile.Delete(_file);

        return ValueTask.CompletedTask;
    }

    private static async Task SellAsync(Scenario life)
    {
        var usd = Currency.Parse("USD");
        await life.CustomerAsync(zone: "Europe/Berlin", with: customer => customer with { Country = "CA" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "GST", Country = "CA", Percentage = 5 });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "QST", Country = "CA", Percentage = 9.975m, Inclusive = true });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "TEN", Terms = new CouponTerms { PercentOff = 12.5m, Duration = CouponDuration.Forever } });
        await life.Billing.Coupons.CreateAsync(life.Tenant, new Coupon { Code = "FIVE", Terms = new CouponTerms { AmountOff = Money.Of(5, usd), Duration = CouponDuration.Forever } });
        foreach (var (amount, category) in new[] { (7.77m, CreditCategory.Promotional), (33.33m, CreditCategory.Promotional), (20m, CreditCategory.Paid), (15.55m, CreditCategory.Paid) })
        {
            await life.Billing.Credits.GrantAsync(life.Tenant, new NewCreditGrant("acme", Money.Of(amount, usd)) { Category = category });
        }

        await life.PlanAsync("everything",
            Offer.Fee("fee", 99.99m), Offer.Seats("seat", 7.35m, quantity: 3),
            Offer.Usage("calls", "call", new GraduatedPrice([new Tier(1000, 0, 0), new Tier(5000, 0.0125m, 1), new Tier(null, 0.01m, 2)])),
            Offer.Usage("volume", "store", new VolumePrice([new Tier(100, 0.3m, 0), new Tier(null, 0.25m, 3)])),
            Offer.Usage("packs", "mail", new PackagePrice(1000, 4.5m)).Having(terms => terms with { IncludedQuantity = 500 }),
            Offer.Usage("payments", "payment", new PercentagePrice(2.9m, 0.3m, 1, null, 0.5m, null)),
            Offer.Usage("regions", "traffic", new MatrixPrice(["region"], [new MatrixCell(["eu"], 0.071m)], 0.093m)),
            Offer.Usage("models", "token", new PerUnitPrice(0.00031m)).Having(terms => terms with { GroupBy = ["model"] }),
            Offer.Usage("least", "least", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 25 }),
            Offer.Usage("most", "most", new PerUnitPrice(1)).Having(terms => terms with { MaximumAmount = 31 }));
        await life.SubscribeAsync("acme", "everything", with => with with { Anchor = BillingAnchor.Calendar, Coupons = ["TEN", "FIVE"] });
    }

    private static async Task UseAsync(Scenario life)
    {
        foreach (var (type, value, day, name, text) in new[]
        {
            ("call", 1234.5m, "2026-01-16", "region", "eu"), ("call", 4321m, "2026-01-31T23:59", "region", "eu"), ("store", 101m, "2026-01-20", "region", "eu"), ("mail", 2501m, "2026-01-21", "region", "eu"),
            ("payment", 10m, "2026-01-22", "region", "eu"), ("payment", 99.95m, "2026-01-23", "region", "eu"), ("payment", 1m, "2026-01-24", "region", "eu"), ("traffic", 55m, "2026-01-25", "region", "eu"),
            ("traffic", 7m, "2026-01-25", "region", "us"), ("token", 123_457m, "2026-01-26", "model", "large"), ("token", 7_654m, "2026-01-27", "model", "small"), ("least", 3m, "2026-01-28", "region", "eu"),
            ("most", 77m, "2026-01-28", "region", "eu"), ("call", 2_000m, "2026-02-15", "region", "eu"),
        })
        {
            await life.UseAsync("acme", type, value, day, (name, text));
        }
    }
}
