using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>
/// Whatever the order, the batches and the repeats in which events, amendments and voids arrive: the quantity and the bill of each period are those of the
/// events that count, delivered once and in order. Every aggregation under every price model, in memory, with the totals that stores keep.
/// </summary>
public sealed class DeliveryOrderTests(ITestOutputHelper output)
{
    private const int Deliveries = 100_000;
    private static readonly CustomerId Customer = EntityId.New<CustomerId>();
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly ImmutableArray<Interval> Periods = [Month("Europe/Paris", 1), Month("Europe/Paris", 2)];

    private static readonly ImmutableArray<Metric> Metrics =
    [
        New(Aggregation.Count), New(Aggregation.Sum), New(Aggregation.Max), New(Aggregation.Min), New(Aggregation.Average), New(Aggregation.Latest), New(Aggregation.UniqueCount),
        New(Aggregation.WeightedSum), New(Aggregation.Percentile) with { Percentile = 75 }, New(Aggregation.Sum) with { Recurring = true }, New(Aggregation.Max) with { Recurring = true },
        New(Aggregation.Latest) with { Recurring = true }, New(Aggregation.WeightedSum) with { Recurring = true }, New(Aggregation.WeightedSum) with { Recurring = true, Weighting = TimeWeighting.Day },
        New(Aggregation.UniqueCount) with { Recurring = true, OperationProperty = "op" }, New(Aggregation.UniqueCount) with { OperationProperty = "op", Weighting = TimeWeighting.Second },
        New(Aggregation.UniqueCount) with { Recurring = true, OperationProperty = "op", Weighting = TimeWeighting.Day },
    ];

    private static readonly ImmutableArray<Tier> Tiers = [new(5, 0.7m, 2), new(30, 0.33m, 0), new(null, 0.1m, 1)];

    private static readonly ImmutableArray<PriceModel> Models =
    [
        new FlatPrice(9.9m), new PerUnitPrice(0.333m), new GraduatedPrice(Tiers), new VolumePrice(Tiers), new StairstepPrice([new(3, 0, 5), new(20, 0, 9), new(null, 0, 30)]), new PackagePrice(4, 1.5m),
        new PercentagePrice(2.5m, 0.1m, 1, null, null, 3), new GraduatedPercentagePrice([new(20, 5, 0), new(null, 2, 1)]), new DynamicPrice("v"), new MatrixPrice(["model"], [new(["small"], 0.5m)], 0.9m),
    ];

    [Fact]
    public void A_delivery_of_any_kind_comes_to_the_same_bill()
    {
        var seed = Environment.GetEnvironmentVariable("BILLAPIS_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"BILLAPIS_TEST_SEED={seed}");
        Parallel.For(0, Deliveries, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, number => Check(number, new Random(unchecked((seed * 1_000_003) + number)), $"seed {seed}, delivery {number}"));
    }

    private static void Check(int number, Random random, string where)
    {
        var metric = Metrics[number % Metrics.Length];
        var usage = new MemoryUsage(metric, Customer);
        var net = Deliver(usage, random);
        foreach (var period in Periods)
        {
            var charge = new Charge(Price(Models[number / Metrics.Length % Models.Length], metric), 1, period, ProrationFactor.Whole);
            var request = new UsageRequest(metric, Customer, period) { GroupBy = charge.Price.Terms.Dimensions, Zone = DateTimeZoneProviders.Tzdb["Europe/Paris"] };
            var (expected, actual) = (UsageCalculator.Read(request, net), usage.Read(request));
            actual.Groups.AsEnumerable().ShouldBe(expected.Groups, where);
            var input = charge.Price.Terms.Model.NeedsEvents ? ChargedUsageReader.Simulate(charge, request, [.. usage.Net]) : ChargedUsageReader.OfTotals(charge, actual);
            Bill(charge, input).ShouldBe(Bill(charge, ChargedUsageReader.Simulate(charge, request, net)), where);
        }
    }

    // What arrives of each event keeps its order; how the arrivals of different events mix, what is sent again and what makes a batch is chance. Answers what counts, in order.
    private static List<UsageEvent> Deliver(MemoryUsage usage, Random random)
    {
        var (net, queues) = (new List<UsageEvent>(), new List<Queue<(UsageEvent? Content, bool IsCorrection, string Id)>>());
        for (var i = random.Next(1, 7); i > 0; i--)
        {
            UsageEvent? content = Event(random, $"{i}");
            var queue = new Queue<(UsageEvent?, bool, string)>([(content, false, $"{i}")]);
            for (var more = random.Next(-2, 3); more > 0 && content is not null; more--)
            {
                queue.Enqueue((content, false, $"{i}"));
                content = random.Next(3) == 0 ? null : Event(random, $"{i}");
                queue.Enqueue((content, true, $"{i}"));
            }

            net.AddRange(content is null ? [] : [content]);
            queues.Add(queue);
        }

        var batch = new List<UsageEvent>();
        while (queues.Count > 0)
        {
            var queue = queues[random.Next(queues.Count)];
            var (content, isCorrection, id) = queue.Dequeue();
            if (isCorrection)
            {
                Flush();
                usage.Correct(id, content);
            }
            else
            {
                batch.Add(content!);
                batch.AddRange(random.Next(4) == 0 ? [content!] : []);
            }

            queues.RemoveAll(item => item.Count == 0);
            if (random.Next(3) == 0)
            {
                Flush();
            }
        }

        Flush();
        return [.. net.OrderBy(item => item.Timestamp)];

        void Flush()
        {
            usage.Append(batch);
            batch.Clear();
        }
    }

    private static UsageEvent Event(Random random, string id)
    {
        var at = Start - Duration.FromDays(20) + Duration.FromMinutes(random.Next(75 * 24 * 4) * 15);
        return new UsageEvent
        {
            Id = id, Type = "e", Customer = "acme", Timestamp = random.Next(3) == 0 ? UsageBucket(at) : at,
            Properties = UsageProperties.Of(
                ("v", random.Next(1, 4_000) / 100m), ("user", $"u{random.Next(3)}"), ("model", random.Next(3) switch { 0 => "small", 1 => "large", _ => default(PropertyValue) }),
                ("op", random.Next(3) == 0 ? "remove" : default(PropertyValue))),
        };
    }

    // The start of its day in UTC: many events of one instant, on the edge of a bucket.
    private static Instant UsageBucket(Instant at) => at.InUtc().Date.AtMidnight().InUtc().ToInstant();

    private static string Bill(Charge charge, RatingInput input)
    {
        try
        {
            return Money.Round(Rating.Rate(charge.Price.Terms, input).Amount, charge.Price.Terms.Currency).ToString();
        }
        catch (BillingException refusal)
        {
            return refusal.Message;
        }
    }

    private static Price Price(PriceModel model, Metric metric) => new() { Code = "p", Metric = metric.Id, Terms = new PriceTerms { Currency = Currency.Parse("USD"), Model = model, AllowNegative = true } };

    private static Interval Month(string zone, int month)
    {
        var first = new LocalDate(2026, month, 1);
        var of = DateTimeZoneProviders.Tzdb[zone];
        return new Interval(of.AtStartOfDay(first).ToInstant(), of.AtStartOfDay(first.PlusMonths(1)).ToInstant());
    }

    private static Metric New(Aggregation aggregation) => new()
    {
        Code = "m", Name = "M", EventType = "e", Aggregation = aggregation, GroupBy = ["model"],
        Property = aggregation switch { Aggregation.Count => null, Aggregation.UniqueCount => "user", _ => "v" },
    };
}
