using System.Text;
using BillApis.Cli.Verification;

namespace BillApis.Scenarios;

/// <summary>Preview equals charge: over random catalogues, timelines and usage, what is previewed at an instant is what is issued at it, byte for byte, and a recomputation that shares no arithmetic agrees.</summary>
public sealed class PreviewTests(Databases databases) : LifeTests(databases)
{
    private const int Catalogues = 8;
    private const int Subscriptions = 20;
    private static readonly string[] OfIssuing = ["status", "payments", "credit_memos", "paid_at", "seal", "version", "number", "issued_at", "due_at"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>BILLAPIS_PREVIEW_CASES=100000</c> compares so many invoices; <c>BILLAPIS_PREVIEW_SEED</c> repeats a run; <c>BILLAPIS_PREVIEW_VERIFIED=1</c> recomputes and explains all invoices at the end, early bills and corrections too.</summary>
    [Theory]
    [InlineData("sqlite", 300)]
    [InlineData("postgres", 100)]
    public async Task A_preview_is_what_is_issued_byte_for_byte(string storage, int cases)
    {
        var asked = Setting("BILLAPIS_PREVIEW_CASES", 0);
        cases = asked > 0 && storage is "sqlite" ? asked : cases;
        var seed = Setting("BILLAPIS_PREVIEW_SEED", 20260201);
        var count = new Counts();
        for (var number = 0; count.Compared < cases; number++)
        {
            await using var life = await StartAsync(storage, "2026-01-01");
            var (random, place) = (new Random(seed + number), $"seed {seed}, life {number}");
            var dates = RandomDates.Of(random);
            var (changes, stops) = (new RandomChanges(random, dates, await BeginAsync(life, random, dates)), new Queue<Instant>(dates.Changes));
            while (count.Compared < cases && await DueAsync(life) is [var first, ..] due && first.NextBillingAt is { } boundary && boundary <= RandomDates.Last)
            {
                if (stops.TryPeek(out var stop) && stop < boundary)
                {
                    life.Clock.MoveTo(Instant.Max(stops.Dequeue(), life.Clock.Now));
                    await BetweenAsync(life, changes, random.Next(30, 80), random, count, place);
                    continue;
                }

                life.Clock.MoveTo(Instant.Max(boundary, life.Clock.Now));
                var previews = await PreviewsAsync(life, due);
                await life.RunAsync();
                foreach (var preview in previews)
                {
                    await CompareAsync(life, preview, count, place);
                }

                // Something may change at the very instant that was billed.
                if (random.Next(4) == 0)
                {
                    await BetweenAsync(life, changes, random.Next(2, 8), random, count, place);
                }
            }

            await BilledLives.CheckAsync(life, place);
            if (Setting("BILLAPIS_PREVIEW_VERIFIED", 0) > 0)
            {
                await BilledLives.VerifyAllAsync(life, place);
            }
        }

        count.Charged.ShouldBeGreaterThan(cases / 3);
        count.Together.ShouldBeGreaterThan(cases / 20);
        count.Changed.ShouldBeGreaterThan(cases / (asked > 0 || cases < 300 ? cases : 20));
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {count}.");
    }

    // So many changes, and whatever else; then a dry run tells what the run issues: early bills and corrections.
    private static async Task BetweenAsync(Scenario life, RandomChanges changes, int times, Random random, Counts count, string place)
    {
        var all = await AllAsync(life);
        for (var i = times; i > 0; i--)
        {
            var subscription = await life.Billing.Subscriptions.GetAsync(life.Tenant, all[random.Next(all.Count)].Id.ToString(), Token);
            var (change, id) = (changes.Of(subscription, life.Clock.Now), subscription.Id.ToString());
            var preview = await RandomChanges.Refusable(() => life.Billing.Changes.PreviewAsync(life.Tenant, id, change, Token));
            var changed = await RandomChanges.Refusable(() => life.Billing.Changes.ApplyAsync(life.Tenant, id, change, Token));
            var what = $"{place}, {change} of {Told(subscription)} at {life.Clock.Now}";
            changed.Refusal.ShouldBe(preview.Refusal, what);
            if (changed.Result is { } made && (made.Invoice is not null || made.At <= life.Clock.Now))
            {
                var (expected, invoice) = (preview.Result!.Invoice, made.Invoice);
                if (made.Subscription.NextBillingAt < made.At && expected is not null)
                {
                    invoice = await WaitedForAsync(life, expected.Id, count);
                }

                Written(invoice).ShouldBe(Written(expected), what);
                if (invoice is not null && ++count.Changed % 5 == 0)
                {
                    await BilledLives.VerifyAsync(life, invoice, what);
                }
            }

            count.Refused += changed.Refusal is null ? 0 : 1;

            // What comes within the millisecond of issue cannot be told from what came before it, which all bills are recomputed by.
            if (Setting("BILLAPIS_PREVIEW_VERIFIED", 0) > 0)
            {
                life.Clock.MoveTo(life.Clock.Now + Duration.FromMilliseconds(1));
            }

            await changes.ElseAsync(life, subscription);
        }

        var dry = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, dryRun: true, cancellationToken: Token);
        var run = await life.Billing.Runs.RunAsync(life.Tenant, life.Clock.Now, cancellationToken: Token);
        run.Failures.ShouldBeEmpty($"{place} at {life.Clock.Now}");
        (dry.InvoicesCreated, string.Join(", ", dry.Totals)).ShouldBe((run.InvoicesCreated, string.Join(", ", run.Totals)), $"{place} at {life.Clock.Now}");
        count.Between += run.InvoicesCreated;
    }

    // What a change charges waits while a boundary before it is not billed.
    private static async Task<Invoice> WaitedForAsync(Scenario life, InvoiceId id, Counts count)
    {
        count.Waited++;
        await life.RunAsync();
        return await life.Billing.Invoices.GetAsync(life.Tenant, id.ToString(), Token);
    }

    private static async Task CompareAsync(Scenario life, Invoice preview, Counts count, string place)
    {
        var what = $"{place}, {preview.Id} at {preview.CreatedAt}";
        var issued = await life.Billing.Invoices.GetAsync(life.Tenant, preview.Id.ToString(), Token);
        Written(issued).ShouldBe(Written(preview), what);
        (count.Compared, count.Charged, count.Together) = (count.Compared + 1, count.Charged + (issued.Total.IsZero ? 0 : 1), count.Together + (issued.Kind is InvoiceKind.Consolidated ? 1 : 0));
        if (count.Compared % 5 == 0)
        {
            count.Verified++;
            await BilledLives.VerifyAsync(life, issued, what);
        }
    }

    // UTF-8 has one spelling of each text: equal texts are equal bytes.
    private static string Written(Invoice? invoice) => Encoding.UTF8.GetString(CanonicalJson.Of(invoice, OfIssuing));

    private static string Told(Subscription subscription) => $"{subscription.Id} [{string.Join(", ", subscription.Timeline.Entries.Select(entry => $"{entry.Kind} {entry.At} {entry.Proration}"))}]";

    private static async Task TaxesAsync(Scenario life)
    {
        foreach (var (name, country, rate, inclusive) in new[] { ("VAT", "DE", 19m, false), ("GST", "CA", 5m, false), ("QST", "CA", 9.975m, false), ("TVA", "FR", 20m, true) })
        {
            await life.Billing.TaxRates.CreateAsync(life.Tenant, new TaxRate { Name = name, Country = country, Percentage = rate, Inclusive = inclusive });
        }
    }

    private static async Task<IReadOnlyList<RandomLife>> BeginAsync(Scenario life, Random random, RandomDates dates)
    {
        await TaxesAsync(life);
        var catalogues = new List<RandomLife>();
        var (late, zeros) = ((LateUsagePolicy?)random.Next(3), (ZeroInvoices)random.Next(2));
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { LateUsage = late, ZeroInvoices = zeros }, Token);
        for (var catalogue = 0; catalogue < Catalogues; catalogue++)
        {
            catalogues.Add(new RandomLife(random, catalogue, dates));
            await catalogues[^1].CreateAsync(life, Subscriptions);
        }

        return catalogues;
    }

    private static async Task<IReadOnlyList<Subscription>> AllAsync(Scenario life)
    {
        var page = await life.Billing.Subscriptions.ListAsync(life.Tenant, new StoreQuery { Limit = Catalogues * Subscriptions }, Token);
        page.Items.Count.ShouldBe(Catalogues * Subscriptions);
        return page.Items;
    }

    // Those that are billed next.
    private static async Task<IReadOnlyList<Subscription>> DueAsync(Scenario life)
    {
        var all = await AllAsync(life);
        var next = all.Select(item => item.NextBillingAt).Min();
        return [.. all.Where(item => item.NextBillingAt is not null && item.NextBillingAt == next)];
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

    private sealed record Counts
    {
        public int Compared { get; set; }

        public int Charged { get; set; }

        public int Together { get; set; }

        public int Changed { get; set; }

        public int Waited { get; set; }

        public int Refused { get; set; }

        public int Between { get; set; }

        public int Verified { get; set; }
    }
}
