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

    [Fact]
    public async Task Customers_who_are_looked_at_together_keep_each_their_own()
    {
        const int Customers = 12;
        var (stop, tenant) = (TestContext.Current.CancellationToken, EntityId.New<TenantId>());
        Billing[] nodes = [fixture.Get<Billing>(), fixture.GetFromAnotherNode<Billing>()];
        var (first, _) = await SubscribeAsync(nodes[0], tenant, stop);
        List<CustomerId> all = [first];
        for (var i = 1; i < Customers; i++)
        {
            var customer = await nodes[0].Customers.CreateAsync(tenant, new Customer { Name = "Acme", Currency = Usd }, stop);
            await nodes[0].Subscriptions.CreateAsync(tenant, new NewSubscription(customer.Id.ToString(), "pro"), stop);
            all.Add(customer.Id);
        }

        foreach (var customer in all)
        {
            await nodes[0].SpendLimits.CreateAsync(tenant, new NewSpendLimit(customer.ToString(), Money.Round(10, Usd)) { Thresholds = [50], Action = SpendAction.Block }, stop);
        }

        // One delivery for all of them, and then one for each, at once and on both nodes: customer n uses 2n units at 0.5.
        (await nodes[0].Usage.RecordAsync(tenant, [.. all.Select((customer, n) => Event(customer, "all", n))], stop)).Accepted.ShouldBe(Customers);
        await Task.WhenAll(all.Select((customer, n) => Task.Run(() => nodes[n % 2].Usage.RecordAsync(tenant, Event(customer, "own", n), stop), stop)));
        foreach (var (n, customer) in all.Index())
        {
            // Moved before the sender was answered, without another look.
            var limit = (await nodes[1].SpendLimits.ListAsync(tenant, new StoreQuery().With("customer_id", customer.ToString()), stop)).Items.ShouldHaveSingleItem();
            (limit.Month?.Spent ?? 0, limit.Month?.Alerts.Select(alert => alert.Threshold).ToArray() ?? []).ShouldSatisfyAllConditions(
                it => it.Item1.ShouldBe(n), it => it.Item2.ShouldBe(n >= 10 ? [50, 100] : n >= 5 ? [50] : []));
            (await nodes[0].SpendLimits.StatusAsync(tenant, customer.ToString(), cancellationToken: stop)).Spent.ShouldBe(n);
            var balance = n == 0 ? null : await BalanceAsync(tenant, new Asset("USD", SpendRecord.Scale), customer.ToString(), stop);
            ((balance?.Credits ?? 0) - (balance?.Debits ?? 0)).ShouldBe(n * 100_000_000L);
        }

        (await nodes[0].Books.VerifyAsync(tenant, stop)).ShouldBeEmpty();

        static UsageEvent Event(CustomerId customer, string id, int units) => new() { Id = $"{id}-{customer}", Type = "call", Customer = customer.ToString(), Properties = UsageProperties.Of(("units", units)) };
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
