using System.Collections.Immutable;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>The same events delivered in order, and mixed, repeated, amended and taken back on the way: through the whole engine both come to the same invoices.</summary>
public abstract class DeliveryTests(StoreFixture fixture)
{
    private const int Events = 40;
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Instant[] Boundaries = [Instant.FromUtc(2026, 2, 1, 0, 0), Instant.FromUtc(2026, 3, 1, 0, 0)];
    private static readonly ImmutableArray<Tier> Tiers = [new(5, 0.7m, 2), new(30, 0.33m, 0), new(null, 0.1m, 1)];

    private static readonly ImmutableArray<(Metric Metric, PriceModel Model)> Prices =
    [
        (New("count", Aggregation.Count), new PerUnitPrice(0.333m)), (New("sum", Aggregation.Sum), new GraduatedPrice(Tiers)), (New("max", Aggregation.Max), new VolumePrice(Tiers)),
        (New("min", Aggregation.Min), new PerUnitPrice(0.777m)), (New("average", Aggregation.Average), new PackagePrice(4, 1.5m)), (New("latest", Aggregation.Latest), new PerUnitPrice(0.777m)),
        (New("unique", Aggregation.UniqueCount), new StairstepPrice([new(3, 0, 5), new(null, 0, 30)])), (New("weighted", Aggregation.WeightedSum), new PerUnitPrice(0.1m)),
        (New("percentile", Aggregation.Percentile) with { Percentile = 75 }, new GraduatedPercentagePrice([new(20, 5, 0), new(null, 2, 1)])),
        (New("amounts", Aggregation.Sum), new PercentagePrice(2.5m, 0.1m, 1, null, null, 3)), (New("dynamic", Aggregation.Sum), new DynamicPrice("v")), (New("matrix", Aggregation.Sum), new MatrixPrice(["model"], [new(["small"], 0.5m)], 0.9m)),
        (New("owned", Aggregation.Sum) with { Recurring = true }, new PerUnitPrice(0.01m)), (New("level", Aggregation.Max) with { Recurring = true }, new PerUnitPrice(0.777m)),
        (New("kept", Aggregation.WeightedSum) with { Recurring = true }, new PerUnitPrice(0.01m)), (New("days", Aggregation.WeightedSum) with { Recurring = true, Weighting = TimeWeighting.Day }, new PerUnitPrice(0.01m)),
        (New("members", Aggregation.UniqueCount) with { Recurring = true, OperationProperty = "op" }, new PerUnitPrice(3)),
        (New("member-days", Aggregation.UniqueCount) with { Recurring = true, OperationProperty = "op", Weighting = TimeWeighting.Day }, new PerUnitPrice(3)),
    ];

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_delivery_of_any_kind_comes_to_the_same_invoices(int seed)
    {
        var random = new Random(seed);
        var (ordered, mixed) = (EntityId.New<TenantId>(), EntityId.New<TenantId>());
        await SetUpAsync(ordered);
        await SetUpAsync(mixed);
        var net = await DeliverAsync(mixed, random);
        (await Billing.Usage.RecordAsync(ordered, [.. net.OrderBy(item => item.Timestamp)], Token)).Accepted.ShouldBe(net.Count);
        (await InvoicesAsync(mixed)).ShouldBe(await InvoicesAsync(ordered));
    }

    // Each event is sent once or more, then perhaps amended, amended again or taken back, and sent again as it was; between them anything may happen to the others.
    private async Task<List<UsageEvent>> DeliverAsync(TenantId tenant, Random random)
    {
        var net = new List<UsageEvent>();
        var queues = Enumerable.Range(0, Events).Select(number =>
        {
            var (sent, queue) = (Event(random, number), new Queue<(UsageEvent Sent, UsageEvent? Content, bool IsCorrection)>());
            UsageEvent? content = sent;
            queue.Enqueue((sent, sent, false));
            for (var more = random.Next(-3, 3); more > 0 && content is not null; more--)
            {
                content = random.Next(3) == 0 ? null : Event(random, number);
                queue.Enqueue((sent, content, true));
                queue.Enqueue((sent, sent, false));
            }

            net.AddRange(content is null ? [] : [content]);
            return queue;
        }).ToList();
        for (var batch = new List<UsageEvent>(); queues.Count > 0 || batch.Count > 0;)
        {
            var queue = queues.Count > 0 ? queues[random.Next(queues.Count)] : null;
            if (queue is null || queue.Peek().IsCorrection || random.Next(10) == 0)
            {
                (await Billing.Usage.RecordAsync(tenant, batch, Token)).Rejected.ShouldBeEmpty();
                batch.Clear();
            }

            if (queue?.Dequeue() is { } arrived)
            {
                await (arrived switch
                {
                    { IsCorrection: false } => Task.Run(() => batch.Add(arrived.Sent), Token),
                    { Content: { } content } => Billing.Usage.AmendAsync(tenant, new UsageAmendment { Id = content.Id, Timestamp = content.Timestamp, Properties = content.Properties }, Token),
                    _ => Billing.Usage.VoidAsync(tenant, arrived.Sent.Id, cancellationToken: Token),
                });
                queues.RemoveAll(item => item.Count == 0);
            }
        }

        return net;
    }

    private async Task<IEnumerable<string>> InvoicesAsync(TenantId tenant)
    {
        foreach (var boundary in Boundaries)
        {
            await Billing.Runs.RunAsync(tenant, boundary, cancellationToken: Token);
        }

        var invoices = (await Billing.Invoices.ListAsync(tenant, new StoreQuery { Limit = Limits.PageSize }, Token)).Items;
        invoices.Count.ShouldBe(Boundaries.Length);
        return invoices.OrderBy(invoice => invoice.Period!.Value.Start).SelectMany(invoice => invoice.Lines.Select(line => $"{invoice.Period!.Value.Start} {line.Description} {Exact.Format(line.Quantity)} {line.Amount}").Append($"{invoice.Total}"));
    }

    private async Task SetUpAsync(TenantId tenant)
    {
        var items = new List<PlanItem>();
        foreach (var (metric, model) in Prices)
        {
            var created = await Billing.Metrics.CreateAsync(tenant, metric with { Id = EntityId.New<MetricId>() }, Token);
            items.Add(new PlanItem(await Billing.Prices.CreateAsync(tenant, new Price { Code = metric.Code, Metric = created.Id, Terms = new PriceTerms { Currency = Usd, Model = model } }, Token)));
        }

        await Billing.Plans.CreateAsync(tenant, new Plan { Code = "all", Name = "All", Currency = Usd, Versions = [new PlanVersion(1, [.. items])] }, Token);
        await Billing.Plans.PublishAsync(tenant, "all", Token);
        await Billing.Customers.CreateAsync(tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Usd }, Token);
        await Billing.Subscriptions.CreateAsync(tenant, new NewSubscription("acme", "all") { StartAt = Start }, Token);
    }

    private static UsageEvent Event(Random random, int number) => new()
    {
        Id = $"{number}", Type = "e", Customer = "acme", Timestamp = Start - Duration.FromDays(10) + Duration.FromMinutes(random.Next(65 * 24 * 4) * 15),
        Properties = UsageProperties.Of(
            ("v", random.Next(1, 4_000) / 100m), ("user", $"u{random.Next(6)}"), ("model", random.Next(3) switch { 0 => "small", 1 => "large", _ => default(PropertyValue) }),
            ("op", random.Next(3) == 0 ? "remove" : default(PropertyValue))),
    };

    private static Metric New(string code, Aggregation aggregation) => new()
    {
        Code = code, Name = code, EventType = "e", Aggregation = aggregation, GroupBy = ["model"],
        Property = aggregation switch { Aggregation.Count => null, Aggregation.UniqueCount => "user", _ => "v" },
    };
}

public sealed class SqliteDeliveryTests(SqliteFixture fixture) : DeliveryTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresDeliveryTests(PostgresFixture fixture) : DeliveryTests(fixture), IClassFixture<PostgresFixture>;
