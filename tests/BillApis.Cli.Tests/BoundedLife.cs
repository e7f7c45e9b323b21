namespace BillApis.Cli.Tests;

/// <summary>Calls that cost 30.00 a month at the least, and books by shelf that cost 40.00 at the least and 60.00 at the most, of which some were billed early, some come late and some are taken back.</summary>
internal static class BoundedLife
{
    /// <summary>The invoices that adjust, with their events, oldest first.</summary>
    public static Task<IReadOnlyList<(byte[] Invoice, byte[] Events)>> ExportsAsync() => ExportedLife.LivedAsync(LiveAsync, invoice => invoice.Lines.Any(line => line.Adjustment is not null));

    private static async Task LiveAsync(Scenario life)
    {
        await life.CustomerAsync();
        await life.PlanAsync("pro",
            Offer.Usage("calls", "call", new PerUnitPrice(1)).Having(terms => terms with { MinimumAmount = 30 }),
            Offer.Usage("books", "book", new PerUnitPrice(1)).Having(terms => terms with { GroupBy = ["shelf"], MinimumAmount = 40, MaximumAmount = 60 }));
        await life.SubscribeAsync("acme", "pro", with => with with { StartAt = Day.Of("2026-01-16"), Anchor = BillingAnchor.Calendar, UsageThreshold = Money.Of(9, Currency.Parse("USD")) });
        await life.GoToAsync("2026-01-20");
        var wrong = await life.UseAsync("acme", "book", 10, "2026-01-20", ("shelf", "low"));
        await life.GoToAsync("2026-02-10");
        await life.UseAsync("acme", "call", 25, "2026-01-21");
        await life.UseAsync("acme", "book", 35, "2026-01-21", ("shelf", "high"));
        await life.GoToAsync("2026-03-10");
        await life.Billing.Usage.VoidAsync(life.Tenant, wrong, "sent by mistake", cancellationToken: TestContext.Current.CancellationToken);
        await life.GoToAsync("2026-04-10");
    }
}
