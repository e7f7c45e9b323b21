using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Drafts that people look at before they are issued: refreshed by usage, changed on record, issued once.</summary>
public abstract class DraftReviewTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_draft_stays_as_long_as_the_tenant_wants_is_refreshed_by_usage_and_keeps_what_people_changed()
    {
        var subscription = await SubscribeAsync(settings => settings with { DraftHours = 48 });
        await RecordAsync("a", 10m);
        await RunAsync(At(2, 1));
        var draft = (await InvoicesAsync()).Single();
        (draft.Status, draft.Number, draft.Total.Amount).ShouldBe((InvoiceStatus.Draft, null, 10m));

        await Billing.Drafts.AddLineAsync(_tenant, draft.Id.ToString(), new NewInvoiceLine("Goodwill", -3m), "anna", Token);
        await Billing.Drafts.DescribeAsync(_tenant, draft.Id.ToString(), "Thanks", "PO 1", "anna", Token);
        await RecordAsync("b", 5m);
        await RunAsync(At(2, 2));
        (await InvoicesAsync()).Single().Total.Amount.ShouldBe(12m);
        await RecordAsync("c", 1m);
        var preview = (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!;
        await RunAsync(At(2, 3));

        var issued = (await InvoicesAsync()).Single();
        (issued.Id, issued.Status, issued.Number, issued.Total.Amount, issued.Notes, issued.PurchaseOrder, issued.Edits.Length).ShouldBe((draft.Id, InvoiceStatus.Issued, 1, 13m, "Thanks", "PO 1", 2));
        Json(issued with { Status = preview.Status, Number = null, Seal = null, IssuedAt = null, DueAt = null, Version = 0 }).ShouldBe(Json(preview with { Version = 0 }));
        (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).ShouldSatisfyAllConditions(now => now.BilledUntil.ShouldBe(At(2, 1)), now => now.Draft.ShouldBeNull());

        await RecordAsync("late", 2m);
        (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!.Lines.Single(line => line.Kind is LineKind.Adjustment).Amount.Amount.ShouldBe(2m);
    }

    [Fact]
    public async Task A_draft_that_waits_for_a_person_is_issued_once_however_many_do_it_at_once()
    {
        var subscription = await SubscribeAsync(settings => settings with { InvoiceApproval = InvoiceApproval.Manual });
        await RecordAsync("a", 10m);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => Node(i).Runs.RunAsync(_tenant, At(4, 1), cancellationToken: Token))));
        var draft = (await InvoicesAsync()).Single();
        draft.Status.ShouldBe(InvoiceStatus.Draft);
        await RecordAsync("b", 2m);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            try
            {
                return (await Node(i).Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token)).Number;
            }
            catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
            {
                return null;
            }
        })));

        results.ShouldContain(1L);
        results.ShouldAllBe(number => number == null || number == 1L);
        var invoices = await InvoicesAsync();
        invoices.Select(invoice => (invoice.Status, invoice.Total.Amount)).ShouldBe([(InvoiceStatus.Issued, 12m)]);
        (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).BilledUntil.ShouldBe(At(2, 1));
        (await Billing.Books.TrialBalanceAsync(_tenant, null, Token)).Lines.Where(line => line.Account.Kind is AccountKind.Receivable).Sum(line => line.Account.Asset.ToMajorUnits(line.Net)).ShouldBe(12m);

        // March's draft follows.
        await RunAsync(At(4, 1));
        (await InvoicesAsync()).Count(invoice => invoice.Status is InvoiceStatus.Draft).ShouldBe(1);
    }

    [Fact]
    public async Task Whoever_withdraws_a_draft_waives_what_it_charges()
    {
        var subscription = await SubscribeAsync(settings => settings with { DraftHours = 24 });
        await RecordAsync("a", 10m);
        await RunAsync(At(2, 1));
        var draft = (await InvoicesAsync()).Single();
        (await Billing.Invoices.CancelAsync(_tenant, draft.Id.ToString(), Token)).Number.ShouldBeNull();
        await RunAsync(At(2, 5));
        (await InvoicesAsync()).Single().Status.ShouldBe(InvoiceStatus.Canceled);
        (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).BilledUntil.ShouldBe(At(2, 1));

        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { DraftHours = 0 }, Token);
        await RecordAsync("february", 4m, At(2, 10));
        await RunAsync(At(3, 1));
        (await InvoicesAsync()).Where(invoice => invoice.Number is not null).Select(invoice => (invoice.Number, invoice.Total.Amount)).ShouldBe([(1, 4m)]);
    }

    [Fact]
    public async Task The_draft_itself_does_not_count_towards_a_commitment_or_as_billed()
    {
        await SubscribeAsync(settings => settings with { DraftHours = 24 }, commitment: 100m, threshold: 60m);
        await RecordAsync("a", 70m);
        await RunAsync(At(1, 20));
        await RecordAsync("b", 10m);
        await RunAsync(At(2, 1));
        await RunAsync(At(2, 1) + Duration.FromHours(1));
        await RunAsync(At(2, 2));
        (await InvoicesAsync()).OrderBy(invoice => invoice.Number).Select(invoice => (invoice.Kind, invoice.Status, invoice.Total.Amount)).ShouldBe([
            (InvoiceKind.Progressive, InvoiceStatus.Issued, 70m), (InvoiceKind.Subscription, InvoiceStatus.Issued, 30m)]);
    }

    private static string Json(Invoice invoice) => System.Text.Json.JsonSerializer.Serialize(invoice, BillingJson.Options);

    private Billing Node(int i) => i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>();

    private async Task<Subscription> SubscribeAsync(Func<TenantSettings, TenantSettings> settings, decimal? commitment = null, decimal? threshold = null)
    {
        foreach (var node in new[] { Billing, fixture.GetFromAnotherNode<Billing>() })
        {
            await node.Settings.ChangeAsync(_tenant, settings, Token);
        }

        var calls = await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" }, Token);
        var price = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "calls", Metric = calls.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(1m) } }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan
        {
            Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])
            {
                Commitment = commitment is { } amount ? new MinimumCommitment(Money.Of(amount, Usd), new BillingInterval(IntervalUnit.Month, 1)) : null,
                UsageThreshold = threshold is { } least ? Money.Of(least, Usd) : null,
            }],
        }, Token);
        await Billing.Plans.PublishAsync(_tenant, "pro", Token);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        return await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", "pro") { StartAt = At(1, 1) }, Token);
    }

    private Task RecordAsync(string id, decimal amount, Instant? at = null) =>
        Billing.Usage.RecordAsync(_tenant, new UsageEvent { Id = id, Type = "call", Customer = "acme", Timestamp = at ?? At(1, 10), Properties = UsageProperties.Of(("n", amount)) }, Token);

    private Task<InvoiceRun> RunAsync(Instant at) => Billing.Runs.RunAsync(_tenant, at, cancellationToken: Token);

    private async Task<List<Invoice>> InvoicesAsync() => [.. (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items];

    private static Instant At(int month, int day) => Instant.FromUtc(2026, month, day, 0, 0);
}

public sealed class SqliteDraftReviewTests(SqliteFixture fixture) : DraftReviewTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresDraftReviewTests(PostgresFixture fixture) : DraftReviewTests(fixture), IClassFixture<PostgresFixture>;
