using BillApis.Metering;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Benchmarks.Usage;

/// <summary>What is sent: 200 customers, a counted and a summed event type, three properties, timestamps near now.</summary>
internal sealed class Load(bool timeOrdered, int seed = 1)
{
    public const int BatchSize = 1_000;
    private const int Customers = 200;
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly Random _random = new(seed);
#pragma warning disable RS0030 // The benchmark is its own composition root.
    private readonly Instant _start = SystemClock.Instance.GetCurrentInstant() - Duration.FromHours(2);
#pragma warning restore RS0030
    private long _sent;

    public static async Task<Billing> OpenAsync(Action<BillingBuilder> use)
    {
        var billing = new ServiceCollection().AddBilling(use).BuildServiceProvider().GetRequiredService<Billing>();
        await billing.MigrateAsync();
        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "calls", Name = "Calls", EventType = "api.call", Aggregation = Aggregation.Count });
        await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "tokens", Name = "Tokens", EventType = "llm.request", Aggregation = Aggregation.Sum, Property = "tokens" });
        for (var i = 0; i < Customers; i++)
        {
            await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Usd });
        }

        return billing;
    }

    public UsageEvent[] Next(int count = BatchSize)
    {
        var events = new UsageEvent[count];
        for (var i = 0; i < count; i++)
        {
            var at = _start + Duration.FromMilliseconds(_sent++);
            events[i] = new UsageEvent
            {
                Id = (timeOrdered ? Guid.CreateVersion7(at.ToDateTimeOffset()) : NewRandom()).ToString(),
                Type = _random.Next(2) == 0 ? "api.call" : "llm.request",
                Customer = $"customer-{_random.Next(Customers)}",
                Timestamp = at,
                Properties = UsageProperties.Of(("model", _random.Next(2) == 0 ? "small" : "large"), ("region", "eu-west-1"), ("tokens", _random.Next(1, 5_000))),
            };
        }

        return events;
    }

    private Guid NewRandom()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
