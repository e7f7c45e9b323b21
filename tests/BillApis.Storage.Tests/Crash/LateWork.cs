using System.Globalization;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Corrects bills for usage that came late, as a worker; and what has to come of it, counted by hand.</summary>
internal static class LateWork
{
    public const int Customers = 4;
    private static readonly TenantId Tenant = TenantId.Default;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    public static async Task RunAsync(Billing billing, string asOf)
    {
        Console.WriteLine(Program.Ready);
        await billing.Runs.RunAsync(Tenant, InstantPattern.General.Parse(asOf).Value);
        Console.WriteLine("billed.");
    }

    public static Instant Day(int number) => Start + Duration.FromDays(number);

    /// <summary>A plan that is billed every day: 1.00 each for up to five calls, 0.50 each for more, so that late usage may cost less than nothing.</summary>
    public static async Task CreateAsync(Billing billing)
    {
        var metric = await billing.Metrics.CreateAsync(Tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count });
        var terms = new PriceTerms { Currency = Usd, Model = new VolumePrice([new(5, 1m, 0), new(null, 0.5m, 0)]), Interval = new BillingInterval(IntervalUnit.Day, 1) };
        var price = await billing.Prices.CreateAsync(Tenant, new Price { Code = "calls", Metric = metric.Id, Terms = terms });
        await billing.Plans.CreateAsync(Tenant, new Plan { Code = "daily", Name = "Daily", Currency = Usd, Versions = [new PlanVersion(1, [new PlanItem(price)])] });
        await billing.Plans.PublishAsync(Tenant, "daily");
        for (var i = 0; i < Customers; i++)
        {
            await billing.Customers.CreateAsync(Tenant, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Usd });
            await billing.Subscriptions.CreateAsync(Tenant, new NewSubscription($"customer-{i}", "daily") { StartAt = Start, EndAt = i == 0 ? Day(2) : null });
        }
    }

    public static async Task<UsageEvent[]> SendAsync(Billing billing, Random random, int round)
    {
        var events = Enumerable.Range(0, Customers * 3).Select(i => new UsageEvent
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{round}-{i}"), Type = "call", Customer = $"customer-{i % Customers}", Timestamp = Day(random.Next(2)) + Duration.FromMinutes(random.Next(1_440)),
        }).ToArray();
        await billing.Usage.RecordAsync(Tenant, events);
        return events;
    }

    /// <summary>What a customer owes for its events, in cents.</summary>
    public static long Owed(IEnumerable<UsageEvent> events) =>
        events.GroupBy(item => item.Timestamp!.Value.InUtc().Date).Sum(day => day.Count() <= 5 ? day.Count() * 100L : day.Count() * 50L);
}
