using BillApis.Conformance;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>Late usage that comes while eight runs on two nodes correct what was billed: each event is billed once, whoever is faster.</summary>
public abstract class LateRaceTests(StoreFixture fixture)
{
    private const int Customers = 6;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LateUsagePolicy.Adjust)]
    [InlineData(LateUsagePolicy.CreditMemo)]
    [InlineData(LateUsagePolicy.Invoice)]
    public async Task Every_late_event_is_billed_once(LateUsagePolicy policy)
    {
        await SetUpAsync(policy);
        await Billing.Runs.RunAsync(_tenant, At(2), cancellationToken: Token);

        var work = Enumerable.Range(0, 8).Select(i => Task.Run(() => Node(i).Runs.RunAsync(_tenant, At(2 + (i % 3)), cancellationToken: Token) as Task))
            .Concat(Enumerable.Range(0, 4).Select(i => Task.Run(() => SendAsync(i))));
        await Task.WhenAll(work);
        await Billing.Runs.RunAsync(_tenant, At(5), cancellationToken: Token);
        await Billing.Runs.RunAsync(_tenant, At(5), cancellationToken: Token);

        (await fixture.Get<IUsageStore>().ListLateAsync(new LateQuery { Tenant = _tenant }, Token)).ShouldBeEmpty();
        var invoices = (await Billing.Invoices.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        var memos = (await Billing.CreditMemos.ListAsync(_tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        invoices.Select(invoice => invoice.Number!.Value).Order().ShouldBe(Enumerable.Range(1, invoices.Count).Select(number => (long)number));
        memos.Select(memo => memo.Number!.Value).Order().ShouldBe(Enumerable.Range(1, memos.Count).Select(number => (long)number));
        foreach (var customer in invoices.GroupBy(invoice => invoice.Customer))
        {
            // Each has 40 events in January, at 0.50 where they are more than 20: 20.00.
            var net = customer.Sum(invoice => invoice.Total.MinorUnits) - memos.Where(memo => memo.Customer == customer.Key).Sum(memo => memo.Total.MinorUnits);
            net.ShouldBe(20_00, string.Join(" | ", customer.Select(invoice => $"{invoice.Kind} {invoice.Correction} {invoice.Total}").Concat(memos.Where(memo => memo.Customer == customer.Key).Select(memo => $"memo {memo.Correction} {memo.Total}"))));
        }
    }

    // Ten of each customer's events from each of four senders.
    private async Task SendAsync(int sender)
    {
        foreach (var batch in Enumerable.Range(0, Customers * 10).Select(i => Event($"{sender}-{i}", i % Customers, 2 + (i % 20))).Chunk(7))
        {
            (await Node(sender).Usage.RecordAsync(_tenant, batch, Token)).Accepted.ShouldBe(batch.Length);
        }
    }

    private Billing Node(int i) => i % 2 == 0 ? Billing : fixture.GetFromAnotherNode<Billing>();

    private static Instant At(int month) => Instant.FromUtc(2026, month, 1, 0, 0);

    private static UsageEvent Event(string id, int customer, int day) => new() { Id = id, Type = "call", Customer = $"customer-{customer}", Timestamp = Instant.FromUtc(2026, 1, day, 5, 0) };

    private async Task SetUpAsync(LateUsagePolicy policy)
    {
        await Billing.Settings.ChangeAsync(_tenant, settings => settings with { LateUsage = policy }, Token);
        await fixture.GetFromAnotherNode<Billing>().Settings.GetAsync(_tenant, Token);
        var calls = await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count }, Token);
        var terms = new PriceTerms { Currency = Usd, Model = new VolumePrice([new(20, 1m, 0), new(null, 0.5m, 0)]) };
        var price = await Billing.Prices.CreateAsync(_tenant, new Price { Code = "calls", Metric = calls.Id, Terms = terms }, Token);
        await Billing.Plans.CreateAsync(_tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] }, Token);
        await Billing.Plans.PublishAsync(_tenant, "pro", Token);
        for (var i = 0; i < Customers; i++)
        {
            await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Usd }, Token);

            // Half of them are over with January.
            await Billing.Subscriptions.CreateAsync(_tenant, new NewSubscription($"customer-{i}", "pro") { StartAt = At(1), EndAt = i % 2 == 0 ? At(2) : null }, Token);
        }
    }
}

public sealed class SqliteLateRaceTests(SqliteFixture fixture) : LateRaceTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresLateRaceTests(PostgresFixture fixture) : LateRaceTests(fixture), IClassFixture<PostgresFixture>;
