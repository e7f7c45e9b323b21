using System.Text.Json;
using BillApis.Conformance;
using BillApis.Ledger;
using BillApis.Metering;
using BillApis.Outbox;
using BillApis.Pricing;

namespace BillApis.Storage.Tests.Spending;

/// <summary>However many send usage through however many nodes: what was spent is what the usage costs, it is in the ledger, and a threshold is told once.</summary>
public abstract class SpendConcurrencyTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");

    [Fact]
    public async Task Spend_and_thresholds_are_exact_whoever_sends_usage()
    {
        var (stop, tenant) = (TestContext.Current.CancellationToken, EntityId.New<TenantId>());
        Billing[] nodes = [fixture.Get<Billing>(), fixture.GetFromAnotherNode<Billing>()];
        var (customer, subscription) = await SubscribeAsync(nodes[0], tenant, stop);
        var limit = await nodes[0].SpendLimits.CreateAsync(tenant, new NewSpendLimit(customer.ToString(), Money.Round(100, Usd)) { Thresholds = [10, 20, 30, 40, 50, 60, 70, 80, 90], Action = SpendAction.Block }, stop);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(
            async () =>
            {
                for (var i = 0; i < 15; i++)
                {
                    var item = new UsageEvent { Id = $"{sender}-{i}", Type = "call", Customer = customer.ToString(), Properties = UsageProperties.Of(("units", sender + 1)) };
                    (await nodes[sender % 2].Usage.RecordAsync(tenant, item, stop)).Accepted.ShouldBe(1);
                }
            },
            stop)));
        await nodes[1].Usage.VoidAsync(tenant, "7-3", cancellationToken: stop);

        // 15 × (1 + … + 8) − 8 units: a hundred at 0.5, the others at 0.015625.
        var status = await nodes[1].SpendLimits.StatusAsync(tenant, customer.ToString(), cancellationToken: stop);
        status.Spent.ShouldBe(50 + 432 * 0.015625m);
        var asset = new Asset("USD", SpendRecord.Scale);
        var (ofCustomer, ofSubscription) = (await BalanceAsync(tenant, asset, customer.ToString(), stop), await BalanceAsync(tenant, asset, subscription.ToString(), stop));
        (ofCustomer.Credits - ofCustomer.Debits, ofSubscription.Debits - ofSubscription.Credits).ShouldBe((5_675_000_000, 5_675_000_000));
        (await nodes[0].Books.VerifyAsync(tenant, stop)).ShouldBeEmpty();

        var told = (await fixture.Get<IOutboxStore>().OfSubjectAsync(tenant, limit.Id.ToString(), stop)).Where(item => item.Event.Type == "spend_limit.threshold_reached")
            .Select(item => JsonElement.Parse(item.Event.Data).GetProperty("threshold").GetDecimal());
        told.ShouldBe([10, 20, 30, 40, 50]);
    }

    private async Task<Balance> BalanceAsync(TenantId tenant, Asset asset, string owner, CancellationToken stop) =>
        (await fixture.Get<ILedger>().BalancesAsync(tenant, [new Account(AccountKind.Spend, asset, owner).IdIn(tenant)], null, stop)).Single();

    private static async Task<(CustomerId, SubscriptionId)> SubscribeAsync(Billing billing, TenantId tenant, CancellationToken stop)
    {
        var metric = await billing.Metrics.CreateAsync(tenant, new Metric { Code = "units", Name = "Units", EventType = "call", Aggregation = Aggregation.Sum, Property = "units" }, stop);
        var model = new GraduatedPrice([new Tier(100, 0.5m, 0), new Tier(null, 0.015625m, 0)]);
        var price = await billing.Prices.CreateAsync(tenant, new Price { Code = "units", Metric = metric.Id, Terms = new PriceTerms { Currency = Usd, Model = model } }, stop);
        await billing.Plans.CreateAsync(tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, stop);
        await billing.Plans.PublishAsync(tenant, "pro", stop);
        var customer = await billing.Customers.CreateAsync(tenant, new Customer { Name = "Acme", Currency = Usd }, stop);
        return (customer.Id, (await billing.Subscriptions.CreateAsync(tenant, new NewSubscription(customer.Id.ToString(), "pro"), stop)).Id);
    }
}

public sealed class SqliteSpendConcurrencyTests(SqliteFixture fixture) : SpendConcurrencyTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresSpendConcurrencyTests(PostgresFixture fixture) : SpendConcurrencyTests(fixture), IClassFixture<PostgresFixture>;
