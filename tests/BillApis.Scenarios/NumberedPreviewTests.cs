using System.Text;
using BillApis.Invoicing;

namespace BillApis.Scenarios;

/// <summary>Previews of what is billed after other boundaries take the places among the corrections that follow those of the boundaries before.</summary>
public sealed class NumberedPreviewTests(Databases databases) : LifeTests(databases)
{
    private static readonly string[] OfIssuing = ["status", "payments", "credit_memos", "paid_at", "seal", "version", "number", "issued_at", "due_at"];

    private static readonly Currency Usd = Currency.Parse("USD");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_after_a_month_that_waits_takes_the_place_after_the_months_bill(string storage)
    {
        // January's 10 calls are not billed yet as the end on February 10 is asked for, which bills 5 more: their bills take the places 1 and 2.
        await using var life = await StartAsync(storage, "2026-01-01");
        await CallsAsync(life, with => with with { UsageThreshold = Money.Of(50, Usd) });
        await life.UseAsync("acme", "call", 10, "2026-01-10");
        await life.UseAsync("acme", "call", 5, "2026-02-05");
        life.Clock.MoveTo(Day.Of("2026-02-10"));
        await EndAsync(life, 2, 5);
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Total.Amount, invoice.Correction)).ShouldBe([(10m, 1), (5m, 2)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_change_after_a_correction_that_comes_to_nothing_takes_the_place_after_it(string storage)
    {
        // What came late for January and was taken back again takes 1 as February passes over nothing; the end on March 10 takes 2. Of the quarter's 100.00, 85.00 are missing.
        await using var life = await StartAsync(storage, "2026-01-01");
        await LateForNothingAsync(life);
        life.Clock.MoveTo(Day.Of("2026-03-10"));
        await EndAsync(life, 2, 90);
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Total.Amount, invoice.Correction)).ShouldBe([(10m, null), (90m, 2)]);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task The_upcoming_invoice_after_a_correction_that_comes_to_nothing_takes_the_place_after_it(string storage)
    {
        // The same, where March is billed at its end.
        await using var life = await StartAsync(storage, "2026-01-01");
        await LateForNothingAsync(life);
        var preview = await UpcomingAsync(life);
        await life.GoToAsync("2026-04-01");
        (await life.InvoicesAsync("acme")).Select(invoice => (invoice.Total.Amount, invoice.Correction)).ShouldBe([(10m, null), (90m, 2)]);
        Written((await life.InvoicesAsync("acme"))[^1]).ShouldBe(Written(preview));
    }

    private static string Written(Invoice? invoice) => Encoding.UTF8.GetString(CanonicalJson.Of(invoice, OfIssuing));

    private static async Task CallsAsync(Scenario life, Func<NewSubscription, NewSubscription> with)
    {
        await life.Billing.Settings.ChangeAsync(life.Tenant, settings => settings with { ZeroInvoices = ZeroInvoices.Skip }, Token);
        await life.CustomerAsync();
        await life.PlanAsync("pro", Offer.Usage("calls", "call", new PerUnitPrice(1)));
        await life.SubscribeAsync("acme", "pro", with);
    }

    private static async Task LateForNothingAsync(Scenario life)
    {
        await CallsAsync(life, with => with with { Commitment = new MinimumCommitment(Money.Of(100, Usd), new BillingInterval(IntervalUnit.Quarter, 1), Proration.None) });
        await life.UseAsync("acme", "call", 10, "2026-01-10");
        await life.UseAsync("acme", "call", 5, "2026-03-05");
        await life.GoToAsync("2026-02-10");
        await VoidAsync(life, await life.UseAsync("acme", "call", 7, "2026-01-20"));
    }

    private static async Task EndAsync(Scenario life, int place, decimal total)
    {
        var (subscription, end) = (await SubscriptionAsync(life), new Cancel { When = ChangeWhen.Immediate });
        var preview = (await life.Billing.Changes.PreviewAsync(life.Tenant, subscription, end, Token)).Invoice!;
        await life.Billing.Changes.ApplyAsync(life.Tenant, subscription, end, Token);
        await life.RunAsync();
        var billed = await life.Billing.Invoices.GetAsync(life.Tenant, preview.Id.ToString(), Token);
        (billed.Correction, billed.Total.Amount).ShouldBe((place, total));
        Written(billed).ShouldBe(Written(preview));
    }
}
