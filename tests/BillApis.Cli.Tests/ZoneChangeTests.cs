using BillApis.Cli.Verification;
using BillApis.Pricing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Cli.Tests;

/// <summary>A subscription whose days are counted in another zone from an instant on.</summary>
public sealed class ZoneChangeTests : IDisposable
{
    private readonly string _file = SqliteFile.NewPath();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Days_after_the_change_are_counted_in_the_new_zone()
    {
        // Midnight of January 20 in Berlin is the 19th in New York: 13 of New York's 31 days follow, where Berlin has 12. A late call of the rest of the month is adjusted with that part.
        await using var life = await Scenario.StartAsync(billing => billing.UseSqlite($"Data Source={_file}"), "2025-12-31T23:00Z", TestContext.Current.CancellationToken);
        await life.CustomerAsync(zone: "Europe/Berlin");
        await life.PlanAsync("calls", Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 310, Proration = Proration.ByDay }));
        var subscription = (await life.SubscribeAsync("acme", "calls", with => with with { Anchor = BillingAnchor.Calendar })).Id.ToString();
        await life.GoToAsync("2026-01-19T23:00Z");
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, new ChangeZone(DateTimeZoneProviders.Tzdb["America/New_York"]) { When = ChangeWhen.Immediate }, Token);
        await life.UseAsync("acme", "call", 200, "2026-01-25");
        await life.GoToAsync("2026-02-02");
        await life.UseAsync("acme", "call", 50, "2026-01-26");
        await life.GoToAsync("2026-03-02");
        var invoices = await life.InvoicesAsync("acme");
        invoices.SelectMany(invoice => invoice.Lines).ShouldContain(line => line.Factor == new ProrationFactor(13, 31));
        foreach (var invoice in invoices.Select(invoice => invoice.Id.ToString()))
        {
            InvoiceVerification.Run(await life.Billing.Exports.InvoiceAsync(life.Tenant, invoice, Token), await life.Billing.Exports.EventsAsync(life.Tenant, invoice, Token)).ShouldBeEmpty();
        }
    }

    public void Dispose()
    {
        SqliteFile.Delete(_file);
    }
}
