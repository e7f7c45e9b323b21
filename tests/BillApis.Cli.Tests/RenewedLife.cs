namespace BillApis.Cli.Tests;

/// <summary>A fee of 10.00 and four seats whose term is renewed twice in its month: three parts of it, the last two of which go on with what was billed before.</summary>
internal static class RenewedLife
{
    /// <summary>The two invoices that go on, with their events, oldest first.</summary>
    public static Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> ExportsAsync() => ExportedLife.LivedAsync(LiveAsync, invoice => invoice.Lines.Any(line => line.Before is not null));

    private static async Task LiveAsync(Scenario life)
    {
        await life.CustomerAsync(with: customer => customer with { Country = "DE" });
        await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 }, TestContext.Current.CancellationToken);
        await life.PlanAsync("pro", Offer.Fee("fee", 10), Offer.Seats("seat", 3.35m, quantity: 4));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-06-01"), EndAt = Day.Of("2026-06-11") });
        await life.GoToAsync("2026-06-05");
        await ExportedLife.ChangeAsync(life, new Renew(Day.Of("2026-06-21")));
        await life.GoToAsync("2026-06-15");
        await ExportedLife.ChangeAsync(life, new Renew(Day.Of("2026-07-11")));
        await life.GoToAsync("2026-06-30");
    }
}
