using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Usage that comes after its period was billed, and usage that names a subscription.</summary>
public abstract class LateUsageTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Late_usage_is_an_orphan_where_the_tenant_says_so_unless_another_subscription_still_has_to_bill_it()
    {
        await CatalogAsync();
        (await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = LateUsagePolicy.Orphan }, Token)).LateUsage.ShouldBe(LateUsagePolicy.Orphan);
        await SubscribeAsync(Instant.FromUtc(2026, 1, 1, 0, 0));
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);

        (await RecordAsync("late", 20)).Orphans.Select(orphan => orphan.Reason).ShouldBe([OrphanReason.Late]);

        var second = await SubscribeAsync(Instant.FromUtc(2026, 1, 15, 0, 0));
        (await RecordAsync("open for the second", 20)).Orphans.ShouldBeEmpty();
        (await RecordAsync("before the second", 10)).Orphans.Select(orphan => orphan.Reason).ShouldBe([OrphanReason.Late]);

        (await Billing.Previews.UpcomingAsync(_tenant, second.Id.ToString(), Token))!.Total.Amount.ShouldBe(1m);
    }

    [Fact]
    public async Task Late_orphans_are_billed_once_the_tenant_wants_them_to_be_and_someone_recovers_them()
    {
        await CatalogAsync();
        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = LateUsagePolicy.Orphan }, Token);
        var subscription = await SubscribeAsync(Instant.FromUtc(2026, 1, 1, 0, 0));
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);
        await RecordAsync("late", 20);
        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(0);
        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = LateUsagePolicy.Adjust }, Token);

        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(1);
        (await Billing.Usage.RecoverOrphansAsync(_tenant, Token)).ShouldBe(0);
        (await Billing.Previews.UpcomingAsync(_tenant, subscription.Id.ToString(), Token))!.Total.Amount.ShouldBe(1m);
    }

    [Fact]
    public async Task Usage_of_a_subscription_that_the_customer_does_not_have_is_kept_apart_and_not_counted()
    {
        await CatalogAsync();
        var own = await SubscribeAsync(Instant.FromUtc(2026, 1, 1, 0, 0));

        var receipt = await Billing.Usage.RecordAsync(_tenant, [Event("own", 20) with { SubscriptionId = own.Id }, Event("stranger", 20) with { SubscriptionId = EntityId.New<SubscriptionId>() }], Token);

        (receipt.Accepted, receipt.Rejected.Length).ShouldBe((2, 0));
        receipt.Orphans.Select(orphan => (orphan.Id, orphan.Reason)).ShouldBe([("stranger", OrphanReason.UnknownSubscription)]);
        (await Billing.Previews.UpcomingAsync(_tenant, own.Id.ToString(), Token))!.Total.Amount.ShouldBe(1m);
    }

    [Fact]
    public async Task A_supplementary_invoice_takes_the_percentage_that_was_taken_off_what_it_corrects()
    {
        await CatalogAsync();
        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = LateUsagePolicy.Invoice }, Token);
        await Billing.Coupons.CreateAsync(_tenant, new Coupon { Code = "ONCE", Terms = new CouponTerms { PercentOff = 40 } }, Token);
        var subscription = await SubscribeAsync(Instant.FromUtc(2026, 1, 1, 0, 0), "ONCE");
        await RecordAsync("in time", 20);
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);
        await RecordAsync("late", 20);
        await RecordAsync("late too", 21);
        await Billing.Runs.RunAsync(_tenant, Instant.FromUtc(2026, 2, 1, 0, 0), cancellationToken: Token);

        // 1 call at 1.00 less 40 %, then 2 calls less the same 40 %: 0.60 and 1.20.
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery(), Token)).Items.OrderBy(invoice => invoice.Kind).ToList();
        invoices.Select(invoice => (invoice.Kind, invoice.Total.Amount)).ShouldBe([(InvoiceKind.Subscription, 0.6m), (InvoiceKind.Supplementary, 1.2m)]);
        (await Billing.Subscriptions.GetAsync(_tenant, subscription.Id.ToString(), Token)).Coupons.Single().Uses.ShouldBe(1);
    }

    private Task<UsageReceipt> RecordAsync(string id, int day) => Billing.Usage.RecordAsync(_tenant, Event(id, day), Token);

    private static UsageEvent Event(string id, int day) => new() { Id = id.Replace(' ', '-'), Type = "call", Customer = "acme", Timestamp = Instant.FromUtc(2026, 1, day, 0, 0) };

    private Task<Subscription> SubscribeAsync(Instant start, params string[] coupons) => Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription("acme", "pro") { StartAt = start, Coupons = [.. coupons] }, Token);

    private async Task CatalogAsync()
    {
        var calls = await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, Token);
        var price = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "calls", Metric = calls.Id, Terms = new PriceTerms { Currency = Usd, Model = new PerUnitPrice(1m) } }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await Billing.Plans.PublishAsync(_tenant, "pro", Token);
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
    }
}

public sealed class SqliteLateUsageTests(SqliteFixture fixture) : LateUsageTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresLateUsageTests(PostgresFixture fixture) : LateUsageTests(fixture), IClassFixture<PostgresFixture>;
