using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Runs on a real database: repeated, raced by two nodes, and read back from the ledger.</summary>
public abstract class InvoiceRunTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant January = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant April = Instant.FromUtc(2026, 4, 1, 0, 0);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_bills_every_boundary_once_however_often_it_is_repeated()
    {
        var subscription = await SubscribeAsync("acme");

        var run = await Billing.Runs.RunAsync(_tenant, April, cancellationToken: Token);
        var again = await Billing.Runs.RunAsync(_tenant, April, cancellationToken: Token);

        (run.Status, run.InvoicesCreated, again.InvoicesCreated).ShouldBe((InvoiceRunStatus.Completed, 4, 0));
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery().With("subscription_id", subscription.Id.ToString()), Token)).Items;
        invoices.Select(invoice => (invoice.Number, invoice.Period!.Value.Start.InUtc().Month, invoice.Total.Amount)).ShouldBe([(4, 4, 13m), (3, 3, 13m), (2, 2, 13m), (1, 1, 13m)]);
        (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).NextBillingAt.ShouldBe(Instant.FromUtc(2026, 5, 1, 0, 0));
        await ShouldBalanceAsync(52_00);
    }

    [Fact]
    public async Task Eight_runs_on_two_nodes_at_once_make_each_invoice_once()
    {
        const int subscriptions = 40;
        foreach (var i in Enumerable.Range(0, subscriptions))
        {
            await SubscribeAsync($"customer-{i}");
        }

        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>()).Runs.RunAsync(_tenant, April, cancellationToken: Token))));

        runs.ShouldAllBe(run => run.Status == InvoiceRunStatus.Completed);
        runs.Sum(run => run.InvoicesCreated).ShouldBe(subscriptions * 4);
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        invoices.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, subscriptions * 4).Select(number => (long)number));
        invoices.GroupBy(invoice => (invoice.Subscription, invoice.Period)).ShouldAllBe(group => group.Count() == 1);
        await ShouldBalanceAsync(subscriptions * 52_00);
    }

    [Fact]
    public async Task A_dry_run_counts_what_a_run_would_issue_and_stores_nothing()
    {
        await SubscribeAsync("acme");

        var dry = await Billing.Runs.RunAsync(_tenant, April, dryRun: true, cancellationToken: Token);

        (dry.InvoicesCreated, dry.Totals.Single().Amount).ShouldBe((4, 52m));
        (await Billing.Invoices.ListAsync(_tenant, new StoreQuery(), Token)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Only_the_named_customer_is_billed_and_never_ahead_of_time()
    {
        await SubscribeAsync("acme");
        await SubscribeAsync("other");

        (await Billing.Runs.RunAsync(_tenant, April, "acme", cancellationToken: Token)).InvoicesCreated.ShouldBe(4);
        var refusal = await Should.ThrowAsync<BillingException>(() => Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2126, 1, 1, 0, 0), cancellationToken: Token));
        refusal.Message.ShouldContain("as_of");
    }

    [Fact]
    public async Task A_preview_is_the_invoice_that_is_issued()
    {
        var subscription = await SubscribeAsync("acme");

        var preview = (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!;
        await Billing.Runs.RunAsync(_tenant, January, cancellationToken: Token);
        var issued = await Billing.Invoices.GetAsync(_tenant, preview.Id.ToString(), Token);

        System.Text.Json.JsonSerializer.Serialize(issued.Lines, BillingJson.Options).ShouldBe(System.Text.Json.JsonSerializer.Serialize(preview.Lines, BillingJson.Options));
        (issued.Total, issued.Period, issued.Sequence).ShouldBe((preview.Total, preview.Period, preview.Sequence));
    }

    [Fact]
    public async Task A_canceled_subscription_is_billed_to_its_end_and_no_further()
    {
        var subscription = await SubscribeAsync("acme");
        await Billing.Runs.RunAsync(_tenant, fixture.Get<IClock>().GetCurrentInstant(), cancellationToken: Token);
        var canceled = (await Billing.Changes.ApplyAsync(_tenant, subscription.Id.ToString(), new Cancel(), Token)).Subscription;

        canceled.NextBillingAt.ShouldBe(canceled.Timeline.EndsAt.ShouldNotBeNull());
        (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token)).ShouldBeNull("nothing is charged at the end of a fee in advance");
    }

    [Fact]
    public async Task Issue_payment_and_cancel_are_posted_and_balance()
    {
        await SubscribeAsync("acme");
        await Billing.Runs.RunAsync(_tenant, January, cancellationToken: Token);
        var invoice = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery(), Token)).Items.Single();

        var part = await Billing.Invoices.PayAsync(_tenant, invoice.Id.ToString(), 3.50m, "transfer 1", Token);
        part.Status.ShouldBe(InvoiceStatus.PartiallyPaid);
        (await Should.ThrowAsync<BillingException>(() => Billing.Invoices.CancelAsync(_tenant, invoice.Id.ToString(), Token))).Code.ShouldBe(BillingErrorCode.Conflict);
        (await Billing.Invoices.PayAsync(_tenant, "INV-000001", 9.50m, "transfer 2", Token)).Status.ShouldBe(InvoiceStatus.Paid);

        var draft = await Billing.Invoices.CreateAsync(_tenant, new NewInvoice("acme", Usd, [new NewInvoiceLine("Work", 80m, 1.5m)]), Token);
        (await Billing.Invoices.IssueAsync(_tenant, draft.Id.ToString(), Token)).DisplayNumber.ShouldBe("INV-000002");
        (await Billing.Invoices.CancelAsync(_tenant, draft.Id.ToString(), Token)).Status.ShouldBe(InvoiceStatus.Canceled);

        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Totals.ShouldBe([(Asset.Of(Usd), 26_00 + 240_00, 26_00 + 240_00)]);
    }

    private async Task<Subscription> SubscribeAsync(string customer)
    {
        if (await Billing.Plans.FindAsync(_tenant, "team", Token) is null)
        {
            var seats = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "seats", Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(4m), Timing = BillingTiming.InAdvance } }, Token);
            var fee = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(1m), Timing = BillingTiming.InAdvance } }, Token);
            await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "team", Name = "Team", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(seats, 3), new PlanItem(fee)])] }, Token);
            await Billing.Plans.PublishAsync(_tenant, "team", Token);
        }

        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = customer, ExternalId = customer, Currency = Usd }, Token);
        return await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription(customer, "team") { StartAt = January }, Token);
    }

    // Everything is billed in advance, so that what is receivable is deferred.
    private async Task ShouldBalanceAsync(long minor)
    {
        var trial = await Billing.Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Totals.ShouldBe([(Asset.Of(Usd), minor, minor)]);
        trial.Lines.Select(line => line.Account.Kind).ShouldBe([AccountKind.DeferredRevenue, AccountKind.Receivable]);
    }
}

public sealed class SqliteInvoiceRunTests(SqliteFixture fixture) : InvoiceRunTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresInvoiceRunTests(PostgresFixture fixture) : InvoiceRunTests(fixture), IClassFixture<PostgresFixture>;
