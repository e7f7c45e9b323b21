using System.Collections.Immutable;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Runs;

/// <summary>A plan with a metered price of every model, and events that all of them look at.</summary>
internal static class LatePlan
{
    public const string Code = "everything";
    public static readonly Currency Usd = Currency.Parse("USD");
    private static readonly string[] Regions = ["eu", "us", "ap"];

    public static async Task CreateAsync(Billing billing, TenantId tenant)
    {
        var metrics = new Dictionary<string, MetricId>();
        foreach (var metric in (Metric[])[
            Metric("count", Aggregation.Count), Metric("sum", Aggregation.Sum, "n"), Metric("by-region", Aggregation.Sum, "n", "region"),
            Metric("peak", Aggregation.Max, "n"), Metric("floor", Aggregation.Min, "n"), Metric("last", Aggregation.Latest, "n"), Metric("users", Aggregation.UniqueCount, "user")])
        {
            metrics[metric.Code] = (await billing.Metrics.CreateAsync(tenant, metric)).Id;
        }

        ImmutableArray<Tier> tiers = [new(20, 0.333m, 1.5m), new(200, 0.1111m, 0), new(null, 0.05m, 2)];
        (string Code, string Metric, PriceModel Model, Func<PriceTerms, PriceTerms>? With)[] prices =
        [
            ("unit", "count", new PerUnitPrice(0.0333m), null), ("graduated", "sum", new GraduatedPrice(tiers), null), ("volume", "sum", new VolumePrice(tiers), null),
            ("stairstep", "count", new StairstepPrice([new(5, 0, 3), new(20, 0, 7.77m), new(null, 0, 20)]), terms => terms with { FlatWhenZero = true }),
            ("package", "sum", new PackagePrice(7, 0.99m), null), ("matrix", "by-region", new MatrixPrice(["region"], [new(["eu"], 0.3m), new(["us"], 0.07m)], 0.01m), null),
            ("percentage", "sum", new PercentagePrice(1.37m, 0.02m, 3, 10, null, 0.5m), null), ("dynamic", "sum", new DynamicPrice("n"), null),
            ("steps", "sum", new GraduatedPercentagePrice([new(100, 3.3m, 1), new(null, 1.1m, 0)]), null),
            ("regions", "by-region", new GraduatedPrice(tiers), terms => terms with { GroupBy = ["region"], MaximumAmount = 40 }),
            ("least", "count", new PerUnitPrice(0.5m), terms => terms with { MinimumAmount = 12.34m }),
            ("peaks", "peak", new PerUnitPrice(0.777m), null), ("floors", "floor", new PerUnitPrice(0.777m), null), ("levels", "last", new PerUnitPrice(0.777m), null),
            ("users", "users", new VolumePrice(tiers), null),
        ];
        var items = new List<PlanItem>();
        foreach (var price in prices)
        {
            var terms = new PriceTerms { Currency = Usd, Model = price.Model };
            items.Add(new PlanItem(await billing.Prices.CreateAsync(tenant, new Price { Code = price.Code, Metric = metrics[price.Metric], Terms = price.With?.Invoke(terms) ?? terms })));
        }

        await billing.Plans.CreateAsync(tenant, new Plan { Code = Code, Name = Code, Currency = Usd, Versions = [new PlanVersion(1, [.. items])] });
        await billing.Plans.PublishAsync(tenant, Code);
    }

    public static UsageEvent Event(Random random, int number, Instant from, Instant to) => new()
    {
        Id = $"event-{number}",
        Type = "e",
        Customer = "acme",
        Timestamp = from + Duration.FromMilliseconds(random.NextInt64((long)(to - from).TotalMilliseconds)),
        Properties = UsageProperties.Of(("n", random.Next(1, 4_000) / 100m), ("region", Regions[random.Next(Regions.Length)]), ("user", $"u{random.Next(9)}")),
    };

    private static Metric Metric(string code, Aggregation aggregation, string? property = null, params string[] groupBy) =>
        new() { Code = code, Name = code, EventType = "e", Aggregation = aggregation, Property = property, GroupBy = [.. groupBy] };
}
