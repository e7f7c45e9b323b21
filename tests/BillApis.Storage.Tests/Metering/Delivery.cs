using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>What arrives at once of a delivery: events, or one correction.</summary>
/// <param name="Batch">The events; none where it is a correction.</param>
/// <param name="Corrected">The id of the event that is corrected.</param>
/// <param name="Content">What counts in its place; null for nothing.</param>
internal sealed record DeliveryStep(IReadOnlyList<UsageEvent> Batch, string? Corrected, UsageEvent? Content);

/// <summary>One delivery of few events, mixed, repeated, amended and taken back on the way, for one of all pairs of an aggregation and a price model.</summary>
internal sealed class Delivery
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    public static readonly ImmutableArray<Interval> Periods = [Month("Europe/Paris", 1), Month("Europe/Paris", 2)];

    public static readonly ImmutableArray<Metric> Metrics =
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

    private readonly List<UsageEvent> _net = [];
    private readonly List<DeliveryStep> _steps = [];
    private readonly PriceModel _model;
    private readonly string _prefix;

    /// <param name="number">Chooses the aggregation and the price model.</param>
    /// <param name="random">Makes all else.</param>
    /// <param name="prefix">What ids begin with.</param>
    public Delivery(int number, Random random, string prefix = "")
    {
        (Place, _model, _prefix) = (number % Metrics.Length, Models[number / Metrics.Length % Models.Length], prefix);
        Deliver(random);
    }

    /// <summary>The place of its metric.</summary>
    public int Place { get; }

    /// <summary>What arrives, in the order of arrival.</summary>
    public IReadOnlyList<DeliveryStep> Steps => _steps;

    /// <summary>What is to be read of a customer and a metric in a period.</summary>
    public UsageRequest Request(Metric metric, CustomerId customer, Interval period) =>
        new(metric, customer, period) { GroupBy = Charge(metric, period).Price.Terms.Dimensions, Zone = DateTimeZoneProviders.Tzdb["Europe/Paris"] };

    /// <summary>Compares what was read, and what it costs, with the events that count, delivered once and in order.</summary>
    public void Check(UsageReading actual, string where)
    {
        var (request, counted) = (actual.Request with { Metric = Metrics[Place] }, _net.OrderBy(item => item.Timestamp).ToList());
        var charge = Charge(request.Metric, request.Period);
        actual.Groups.AsEnumerable().ShouldBe(UsageCalculator.Read(request, counted).Groups, where);
        var input = charge.Price.Terms.Model.NeedsEvents ? ChargedUsageReader.Simulate(charge, request, [.. _net]) : ChargedUsageReader.OfTotals(charge, actual);
        Bill(charge, input).ShouldBe(Bill(charge, ChargedUsageReader.Simulate(charge, request, counted)), where);
    }

    private Charge Charge(Metric metric, Interval period) => new(Price(_model, metric), 1, period, ProrationFactor.Whole);

    // What arrives of each event keeps its order; how the arrivals of different events mix, what is sent again and what makes a batch is chance.
    private void Deliver(Random random)
    {
        var queues = Enumerable.Range(1, random.Next(1, 7)).Select(i => Arrivals(random, $"{_prefix}{i}")).ToList();
        var batch = new List<UsageEvent>();
        while (queues.Count > 0)
        {
            var queue = queues[random.Next(queues.Count)];
            var (content, isCorrection, id) = queue.Dequeue();
            if (isCorrection)
            {
                Flush();
                _steps.Add(new DeliveryStep([], id, content));
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

        void Flush()
        {
            _steps.AddRange(batch.Count == 0 ? [] : [new DeliveryStep([.. batch], null, null)]);
            batch.Clear();
        }
    }

    private Queue<(UsageEvent? Content, bool IsCorrection, string Id)> Arrivals(Random random, string id)
    {
        UsageEvent? content = Event(random, id);
        var queue = new Queue<(UsageEvent?, bool, string)>([(content, false, id)]);
        for (var more = random.Next(-2, 3); more > 0 && content is not null; more--)
        {
            queue.Enqueue((content, false, id));
            content = random.Next(3) == 0 ? null : Event(random, id);
            queue.Enqueue((content, true, id));
        }

        _net.AddRange(content is null ? [] : [content]);
        return queue;
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
