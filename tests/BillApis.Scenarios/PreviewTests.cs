using System.Globalization;
using BillApis.Cli.Verification;

namespace BillApis.Scenarios;

/// <summary>Preview equals charge: over random catalogues, timelines and usage, what is previewed at an instant is what is issued at it, byte for byte, and a recomputation that shares no arithmetic agrees.</summary>
public sealed class PreviewTests(Databases databases) : LifeTests(databases)
{
    private const int Catalogues = 8;
    private const int Subscriptions = 20;
    private static readonly string[] OfIssuing = ["status", "payments", "credit_memos", "paid_at", "seal", "version", "number", "issued_at", "due_at"];
    private static readonly Instant Last = Instant.FromUtc(2026, 4, 1, 0, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_PREVIEW_CASES=100000</c> compares so many invoices; <c>BILLAPIS_PREVIEW_SEED</c> repeats a run.</summary>
    [Theory]
    [InlineData("sqlite", 600)]
    [InlineData("postgres", 150)]
    public async Task A_preview_is_what_is_issued_byte_for_byte(string storage, int cases)
    {
        var asked = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_PREVIEW_CASES") ?? "0", CultureInfo.InvariantCulture);
        cases = asked > 0 && storage is "sqlite" ? asked : cases;
        var seed = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_PREVIEW_SEED") ?? "20260201", CultureInfo.InvariantCulture);
        var (compared, verified, charged, together) = (0, 0, 0, 0);
        for (var number = 0; compared < cases; number++)
        {
            await using var life = await StartAsync(storage, "2026-01-01");
            var count = await BeginAsync(life, new Random(seed + number));
            while (await DueAsync(life, count) is [var first, ..] due && first.NextBillingAt is { } boundary && boundary <= Last)
            {
                life.Clock.MoveTo(boundary);
                var previews = await PreviewsAsync(life, due);
                await life.RunAsync();
                foreach (var preview in previews)
                {
                    var issued = await life.Billing.Invoices.GetAsync(life.Tenant, preview.Id.ToString(), Token);
                    CanonicalJson.Of(issued, OfIssuing).ShouldBe(CanonicalJson.Of(preview, OfIssuing), $"seed {seed}, life {number}, {preview.Id} at {boundary}");
                    (compared, charged, together) = (compared + 1, charged + (issued.Total.IsZero ? 0 : 1), together + (issued.Kind is InvoiceKind.Consolidated ? 1 : 0));
                    if (compared % 5 == 0)
                    {
                        verified++;
                        var (export, events) = (await life.Billing.Exports.InvoiceAsync(life.Tenant, issued.Id.ToString(), Token), await life.Billing.Exports.EventsAsync(life.Tenant, issued.Id.ToString(), Token));
                        InvoiceVerification.Run(export, events).ShouldBeEmpty($"seed {seed}, life {number}, {preview.Id} at {boundary}");
                        (await life.Billing.Explanations.InvoiceAsync(life.Tenant, issued.Id.ToString(), cancellationToken: Token)).Lines.ShouldAllBe(line => line.Agrees, $"seed {seed}, life {number}, {preview.Id} at {boundary}");
                    }
                }
            }
        }

        charged.ShouldBeGreaterThan(cases / 3);
        together.ShouldBeGreaterThan(cases / 20);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {compared} previews were what was issued, {charged} of them over more than nothing and {together} over several subscriptions; {verified} were recomputed and explained.");
    }

    private static async Task TaxesAsync(Scenario life)
    {
        foreach (var (name, country, rate, inclusive) in new[] { ("VAT", "DE", 19m, false), ("GST", "CA", 5m, false), ("QST", "CA", 9.975m, false), ("TVA", "FR", 20m, true) })
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = name, Country = country, Percentage = rate, Inclusive = inclusive });
        }
    }

    private static async Task<int> BeginAsync(Scenario life, Random random)
    {
        await TaxesAsync(life);
        var dates = RandomDates.Of(random);
        for (var catalogue = 0; catalogue < Catalogues; catalogue++)
        {
            await new RandomLife(random, catalogue, dates).CreateAsync(life, Subscriptions);
        }

        return Catalogues * Subscriptions;
    }

    // Those that are billed next.
    private static async Task<IReadOnlyList<Subscription>> DueAsync(Scenario life, int count)
    {
        var page = await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery { Limit = count }, Token);
        page.Items.Count.ShouldBe(count);
        var next = page.Items.Select(item => item.NextBillingAt).Min();
        return [.. page.Items.Where(item => item.NextBillingAt is not null && item.NextBillingAt == next)];
    }

    // A boundary at which nothing is charged has no invoice; the preview is then of a later one.
    private static async Task<IReadOnlyList<Invoice>> PreviewsAsync(Scenario life, IReadOnlyList<Subscription> due)
    {
        var previews = new List<Invoice>();
        foreach (var subscription in due)
        {
            if (await life.Billing.Previews.UpcomingAsync(life.Tenant, subscription.Id.ToString()) is { } preview && preview.CreatedAt == subscription.NextBillingAt)
            {
                previews.Add(preview);
            }
        }

        return previews;
    }
}
