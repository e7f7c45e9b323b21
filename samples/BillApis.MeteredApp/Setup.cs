using BillApis.Metering;
using NodaTime;

namespace BillApis.MeteredApp;

/// <summary>What billing needs to know before it counts: how, and for whom.</summary>
internal static class Setup
{
    private const string Calls = "calls";

    /// <summary>Makes the database, the metric and the customers where they are missing.</summary>
    public static async Task RunAsync(Billing billing, IEnumerable<string> customers)
    {
        await billing.MigrateAsync();
        if (await billing.Metrics.FindAsync(TenantId.Default, Calls) is null)
        {
            await billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = Calls, Name = "API calls", EventType = "api_calls", Aggregation = Aggregation.Count });
        }

        foreach (var customer in customers)
        {
            if (await billing.Customers.FindAsync(TenantId.Default, customer) is null)
            {
                await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = customer, ExternalId = customer, Currency = Currency.Parse("USD") });
            }
        }
    }

    /// <summary>How many calls of a customer billing has counted.</summary>
    public static async Task<decimal> UsageAsync(Billing billing, string customer)
    {
        var always = new Interval(Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2100, 1, 1, 0, 0));
        var rows = await billing.Usage.SummaryAsync(TenantId.Default, new UsageSummaryQuery { Customer = customer, Metric = Calls, Period = always });
        return rows.Single().Value;
    }
}
