using System.Collections.Immutable;
using System.Globalization;
using BillApis.Benchmarks.Usage;
using BillApis.Metering;
using BillApis.Pricing;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Benchmarks.Quotas;

/// <summary>Intake for customers whose spend is followed beside intake for customers without a limit.</summary>
internal static class SpendBench
{
    private const int Turns = 25;
    private const int Callers = 16;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static int _events;

    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("billapis-bench-");
        try
        {
            await using var services = new ServiceCollection().AddBilling(builder => builder.UseSqlite($"Data Source={Path.Combine(folder.FullName, "spend.db")}")).BuildServiceProvider();
            var billing = services.GetRequiredService<Billing>();
            await billing.MigrateAsync();
            var (limited, free) = (await OpenAsync(billing, isLimited: true), await OpenAsync(billing, isLimited: false));
            await CompareAsync(billing, "an event, 1 caller", 20, (limited, free), tenant => SendAsync(billing, tenant, 1, 0));
            await CompareAsync(billing, "an event each, 16 callers, of one customer", 4, (limited, free), tenant => Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => SendAsync(billing, tenant, 1, 0)))));
            await CompareAsync(billing, "an event each, 16 callers, of 16 customers", 4, (limited, free), tenant => Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => SendAsync(billing, tenant, 1, caller)))));
            await CompareAsync(billing, "1,000 events of one customer, 1 caller", 2, (limited, free), tenant => SendAsync(billing, tenant, 1_000, 0));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task CompareAsync(Billing billing, string name, int times, (TenantId Limited, TenantId Free) tenants, Func<TenantId, Task> work)
    {
        async Task RepeatAsync(TenantId tenant)
        {
            for (var i = 0; i < times; i++)
            {
                await work(tenant);
            }
        }

        return Measured.CompareAsync(name, Turns, () => Task.FromResult(tenants.Limited), RepeatAsync, () => Task.FromResult(tenants.Free), RepeatAsync);
    }

    private static async Task<TenantId> OpenAsync(Billing billing, bool isLimited)
    {
        var tenant = EntityId.New<TenantId>();
        var metric = await billing.Metrics.CreateAsync(tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "value" });
        ImmutableArray<Tier> tiers = [new(1_000, 0.01m, 0), new(null, 0.005m, 0)];
        var price = await billing.Prices.CreateAsync(tenant, new Price { Code = "calls", Metric = metric.Id, Terms = new PriceTerms { Currency = Usd, Model = new GraduatedPrice(tiers) } });
        await billing.Plans.CreateAsync(tenant, new Plan { Code = "pro", Name = "Pro", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] });
        await billing.Plans.PublishAsync(tenant, "pro");
        for (var i = 0; i < Callers; i++)
        {
            var customer = string.Create(CultureInfo.InvariantCulture, $"acme-{i}");
            await billing.Customers.CreateAsync(tenant, new Customer { Name = customer, ExternalId = customer, Currency = Usd });
            await billing.Subscriptions.CreateAsync(tenant, new NewSubscription(customer, "pro"));
            if (isLimited)
            {
                await billing.SpendLimits.CreateAsync(tenant, new NewSpendLimit(customer, Money.Of(1_000_000, Usd)) { Thresholds = [50, 80], Action = SpendAction.Block });
            }
        }

        return tenant;
    }

    private static async Task SendAsync(Billing billing, TenantId tenant, int count, int customer)
    {
        var events = new UsageEvent[count];
        for (var i = 0; i < count; i++)
        {
            var properties = UsageProperties.Of([KeyValuePair.Create("value", PropertyValue.Of(3m))]);
            events[i] = new UsageEvent { Id = string.Create(CultureInfo.InvariantCulture, $"event-{Interlocked.Increment(ref _events)}"), Type = "call", Customer = string.Create(CultureInfo.InvariantCulture, $"acme-{customer}"), Properties = properties };
        }

        if ((await billing.Usage.RecordAsync(tenant, events)).Accepted != count)
        {
            throw new InvalidOperationException("Every event must be accepted.");
        }
    }
}
