using System.Diagnostics;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using BillApis.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Benchmarks.Runs;

/// <summary>What is billed: subscriptions to one plan of a fee in advance and metered prices of three models, with a tax, each customer with one event a month for each.</summary>
internal sealed class RunLoad : IAsyncDisposable
{
    private const int BatchSize = 1_000;
    private const int Callers = 2;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private readonly ServiceProvider[] _nodes;
    private readonly ManualClock _clock;
    private readonly int _metered;
    private readonly List<string> _customers = [];
    private readonly Stopwatch _passed;
    private long _events;
    private int _months;

    private RunLoad(ServiceProvider[] nodes, ManualClock clock, Stopwatch passed, int metered) => (_nodes, _clock, _passed, _metered) = (nodes, clock, passed, metered);

    public Instant Now => _clock.Now;

    public int Subscriptions => _customers.Count;

    /// <param name="use">Where data is kept.</param>
    /// <param name="subscriptions">How many there are.</param>
    /// <param name="nodes">How many processes bill; here they are providers that share nothing.</param>
    /// <param name="metered">How many of the prices are metered.</param>
    public static async Task<RunLoad> OpenAsync(Action<BillingBuilder> use, int subscriptions, int nodes = 1, int metered = 3)
    {
        var (clock, passed) = (new ManualClock(Start), new Stopwatch());
        var load = new RunLoad([.. Enumerable.Range(0, nodes).Select(_ => NodeOf(use, new PassingClock(clock, passed)))], clock, passed, metered);
        await load.Billing.MigrateAsync();
        await load.CatalogAsync();
        await load.SubscribeAsync(subscriptions);
        return load;
    }

    /// <summary>Lets a month of usage pass.</summary>
    public async Task PassMonthAsync()
    {
        _clock.MoveTo(Start + Duration.FromTicks((MonthAt(_months) - Start + (MonthAt(_months + 1) - Start)).BclCompatibleTicks / 2));
        await Parallel.ForEachAsync(_customers.Chunk(BatchSize / _metered), new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (customers, _) => await RecordAsync(customers));
        _clock.MoveTo(MonthAt(++_months));

        // Totals are merged as soon as somebody reads, or by the worker, which does not run here.
        await Billing.Previews.UpcomingAsync(TenantId.Default, Subscription);
    }

    /// <summary>Bills everything that is due, on all nodes at once.</summary>
    /// <param name="expected">How many invoices that are.</param>
    /// <param name="passes">Whether time passes meanwhile, as it does outside of tests: what follows each other is then in order in what is sorted by time.</param>
    public async Task RunAsync(int expected, bool passes = false)
    {
        if (passes)
        {
            _passed.Restart();
        }

        var runs = await Task.WhenAll(_nodes.Select(node => Task.Run(() => node.GetRequiredService<Billing>().Runs.RunAsync(TenantId.Default, _clock.Now))));
        _passed.Reset();
        if (runs.Sum(run => run.InvoicesCreated) != expected || runs.Any(run => run.Failed > 0))
        {
            throw new InvalidOperationException($"{string.Join(" + ", runs.Select(run => run.InvoicesCreated))} invoices, not {expected}; {string.Join(" ", runs.SelectMany(run => run.Failures).Take(3))}");
        }
    }

    public Billing Billing => _nodes[0].GetRequiredService<Billing>();

    public string Subscription { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static Instant MonthAt(int months) => Start.InUtc().LocalDateTime.PlusMonths(months).InUtc().ToInstant();

    private static ServiceProvider NodeOf(Action<BillingBuilder> use, TimeProvider clock)
    {
        var services = new ServiceCollection().AddSingleton(clock).AddBilling(use);
        services.Configure<BillingOptions>(options => options.RunWorker = false);
        return services.BuildServiceProvider();
    }

    private async Task CatalogAsync()
    {
        var tenant = TenantId.Default;
        await Billing.TaxRates.CreateAsync(tenant, new TaxRate { Name = "VAT", Country = "DE", Percentage = 19 });
        PriceModel[] models = [new PerUnitPrice(0.02m), new GraduatedPrice([new Tier(100, 0.05m, 0), new Tier(1_000, 0.03m, 0), new Tier(null, 0.01m, 0)]), new PackagePrice(100, 1.25m)];
        var prices = new List<Price> { await Billing.Prices.CreateAsync(tenant, new Price { Code = "fee", Terms = new PriceTerms { Currency = Usd, Model = new FlatPrice(29), Timing = BillingTiming.InAdvance } }) };
        for (var i = 0; i < _metered; i++)
        {
            var metric = await Billing.Metrics.CreateAsync(tenant, new Metric { Code = $"metric-{i}", Name = $"Metric {i}", EventType = $"type-{i}", Aggregation = Aggregation.Sum, Property = "value" });
            prices.Add(await Billing.Prices.CreateAsync(tenant, new Price { Code = $"price-{i}", Metric = metric.Id, Terms = new PriceTerms { Currency = Usd, Model = models[i % models.Length] } }));
        }

        await Billing.Plans.CreateAsync(tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [.. prices.Select(price => new PlanItem(price))])] });
        await Billing.Plans.PublishAsync(tenant, "pro");
    }

    // One by the front door; the others are like it.
    private async Task SubscribeAsync(int count)
    {
        await Billing.Customers.CreateAsync(TenantId.Default, NewCustomer(0));
        _customers.Add("customer-0");
        var first = await Billing.Subscriptions.CreateAsync(TenantId.Default, new NewSubscription("customer-0", "pro") { StartAt = Start });
        Subscription = first.Id.ToString();
        foreach (var batch in Enumerable.Range(1, count - 1).Chunk(BatchSize))
        {
            var customers = batch.Select(i => NewCustomer(i).Created(TenantId.Default, Start)).ToList();
            await SaveAsync<IStore<Customer>, Customer>(customers);
            await SaveAsync<ISubscriptionStore, Subscription>([.. customers.Select(customer => first with { Id = EntityId.New<SubscriptionId>(), Customer = customer.Id, Version = 0 })]);
            _customers.AddRange(customers.Select(customer => customer.ExternalId!));
        }
    }

    private static Customer NewCustomer(int i) => new() { Name = $"Customer {i}", ExternalId = $"customer-{i}", Currency = Usd, Country = "DE", Email = $"billing-{i}@example.com" };

    private async Task SaveAsync<TStore, T>(IReadOnlyList<T> items)
        where TStore : IStore<T>
        where T : class, IEntity<T>
    {
        if (await _nodes[0].GetRequiredService<TStore>().SaveAsync(TenantId.Default, items, [], default) is not SaveResult.Saved)
        {
            throw new InvalidOperationException("Not saved.");
        }
    }

    private async Task RecordAsync(string[] customers)
    {
        var batch = customers.SelectMany(customer => Enumerable.Range(0, _metered).Select(metric => EventOf(customer, metric))).ToArray();
        if ((await Billing.Usage.RecordAsync(TenantId.Default, batch)).Accepted != batch.Length)
        {
            throw new InvalidOperationException("Not all accepted.");
        }
    }

    private UsageEvent EventOf(string customer, int metric)
    {
        var number = Interlocked.Increment(ref _events);
        return new UsageEvent { Id = $"event-{number}", Type = $"type-{metric}", Customer = customer, Timestamp = _clock.Now, Properties = UsageProperties.Of(("value", 100 + (number * 7_919 % 1_900))) };
    }

    private sealed class PassingClock(ManualClock clock, Stopwatch passed) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + passed.Elapsed;
    }
}
