using System.Globalization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Crash;

/// <summary>Sends numbered events from several callers at once, as a worker, and says which were answered.</summary>
internal static class IntakeWork
{
    public const int Customers = 5;
    public static readonly Metric Calls = new() { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count };
    public static readonly Metric Sum = new() { Code = "sum", Name = "Sum", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" };
    public static readonly Interval January = new(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0));
    private const int Callers = 3;
    private const int BatchSize = 20;

    public static async Task RunAsync(Billing billing, string first)
    {
        var next = long.Parse(first, CultureInfo.InvariantCulture);
        Console.WriteLine(Program.Ready);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(SendAsync)));

        async Task SendAsync()
        {
            while (true)
            {
                var from = Interlocked.Add(ref next, BatchSize) - BatchSize;
                var answer = await billing.Usage.RecordAsync(TenantId.Default, [.. Enumerable.Range(0, BatchSize).Select(i => Event(from + i))]);
                if (answer.Accepted + answer.Duplicates != BatchSize)
                {
                    throw new InvalidOperationException($"{answer}");
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{from}."));
            }
        }
    }

    /// <summary>What counts the events, and whose they are.</summary>
    public static async Task CreateAsync(Billing billing, params Metric[] metrics)
    {
        foreach (var metric in metrics)
        {
            await billing.Metrics.CreateAsync(TenantId.Default, metric);
        }

        for (var i = 0; i < Customers; i++)
        {
            await billing.Customers.CreateAsync(TenantId.Default, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") });
        }
    }

    /// <summary>What a metric comes to for a customer.</summary>
    public static async Task<decimal> TotalAsync(Billing billing, string metric, long customer, Interval period) =>
        (await billing.Usage.SummaryAsync(TenantId.Default, new UsageSummaryQuery { Customer = $"customer-{customer}", Metric = metric, Period = period })).Sum(row => row.Value);

    /// <summary>What a metric comes to for all customers.</summary>
    public static async Task<decimal> TotalAsync(Billing billing, string metric, Interval period)
    {
        var total = 0m;
        for (var customer = 0; customer < Customers; customer++)
        {
            total += await TotalAsync(billing, metric, customer, period);
        }

        return total;
    }

    /// <summary>The events of an answer.</summary>
    public static IEnumerable<long> Answered(string line) => Enumerable.Range(0, BatchSize).Select(i => long.Parse(line.TrimEnd('.'), CultureInfo.InvariantCulture) + i);

    /// <summary>Every event follows from its number.</summary>
    public static UsageEvent Event(long number) => new()
    {
        Id = number.ToString(CultureInfo.InvariantCulture),
        Type = "call",
        Customer = $"customer-{number % Customers}",
        Timestamp = January.Start + Duration.FromSeconds(number % 86_400),
        Properties = UsageProperties.Of(("n", Value(number))),
    };

    public static decimal Value(long number) => (number % 97) + 0.01m;
}
