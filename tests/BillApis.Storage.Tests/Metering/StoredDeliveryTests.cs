using System.Collections.Immutable;
using System.Globalization;
using BillApis.Conformance;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>The deliveries of <see cref="DeliveryOrderTests"/> into a database, of a hundred customers at a time: what arrives at once of all of them is stored at once, corrections go one by one.</summary>
public abstract class StoredDeliveryTests(StoreFixture fixture, ITestOutputHelper output)
{
    private const int AtOnce = 100;
    private static readonly int Deliveries = int.Parse(Environment.GetEnvironmentVariable("BILLAPIS_TEST_DELIVERIES") ?? "200", CultureInfo.InvariantCulture);
    private static readonly Instant Now = Instant.FromUtc(2026, 4, 1, 0, 0);
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly ImmutableArray<Metric> _metrics = [.. Delivery.Metrics.Select((metric, place) => metric with { Id = EntityId.New<MetricId>(), EventType = $"e{place}" })];
    private readonly Dictionary<string, UsageEvent> _sent = [];
    private readonly Dictionary<string, int> _corrections = [];
    private readonly IUsageStore _store = fixture.Get<IUsageStore>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delivery_of_any_kind_comes_to_the_same_bill()
    {
        var seed = Environment.GetEnvironmentVariable("BILLAPIS_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"BILLAPIS_TEST_SEED={seed}, {Deliveries} deliveries");
        for (var first = 0; first < Deliveries; first += AtOnce)
        {
            var (random, numbers) = (new Random(unchecked((seed * 1_000_003) + first)), Enumerable.Range(first, Math.Min(AtOnce, Deliveries - first)));
            var customers = numbers.Select(number => new Arriving(EntityId.New<CustomerId>(), new Delivery(number, random, $"{number}-"), $"seed {seed}, delivery {number}")).ToList();
            await DeliverAsync(customers);
            await CheckAsync(customers);
        }
    }

    private async Task DeliverAsync(List<Arriving> customers)
    {
        for (var step = 0; customers.Exists(customer => step < customer.Delivery.Steps.Count); step++)
        {
            var arrived = customers.Where(customer => step < customer.Delivery.Steps.Count).Select(customer => (Customer: customer, Step: customer.Delivery.Steps[step])).ToList();
            StampedEvent[] events = [.. arrived.SelectMany(item => item.Step.Batch.Select(sent => Stamp(item.Customer, sent)))];
            var expected = events.Select(Expected).ToList();
            (await _store.AppendAsync(_tenant, events, Token)).ShouldBe(expected);
            foreach (var (customer, (_, corrected, content)) in arrived.Where(item => item.Step.Corrected is not null))
            {
                var after = _corrections.GetValueOrDefault(corrected!);
                (await _store.CorrectAsync(_tenant, Correction(customer, corrected!, after, content), Token)).ShouldBeTrue();
                _corrections[corrected!] = after + 1;
            }
        }
    }

    // What was amended meanwhile is known as it was sent at first.
    private AppendResult Expected(StampedEvent item) => new(
        _sent.TryAdd(item.Event.Id, item.Event) ? AppendOutcome.Accepted : _sent[item.Event.Id].Timestamp == item.At && _sent[item.Event.Id].Properties.Equals(item.Event.Properties) ? AppendOutcome.Duplicate : AppendOutcome.Conflict);

    private async Task CheckAsync(List<Arriving> customers)
    {
        var requests = customers.SelectMany(customer => Delivery.Periods.Select(period => customer.Delivery.Request(_metrics[customer.Delivery.Place], customer.Customer, period))).ToList();
        var readings = await _store.ReadAsync(_tenant, requests, Token);
        foreach (var (reading, i) in readings.Select((reading, i) => (reading, i)))
        {
            customers[i / Delivery.Periods.Length].Delivery.Check(reading, customers[i / Delivery.Periods.Length].Where);
        }
    }

    private StampedCorrection Correction(Arriving customer, string id, int after, UsageEvent? content) => new()
    {
        Id = EntityId.New<UsageCorrectionId>(), Source = UsageEvent.DefaultSource, Event = id, After = after, RecordedAt = Now + Duration.FromSeconds(after + 1),
        Content = content is null ? null : Stamp(customer, content), Metrics = [_metrics[customer.Delivery.Place]],
    };

    private StampedEvent Stamp(Arriving customer, UsageEvent sent)
    {
        var metric = _metrics[customer.Delivery.Place];
        var item = sent with { Type = metric.EventType };
        metric.Measure(item, out var part).ShouldBeNull();
        return new StampedEvent { Event = item, At = item.Timestamp!.Value, RecordedAt = Now, Hash = ContentHash.Of(item), Customer = customer.Customer, Contributions = [part] };
    }

    private sealed record Arriving(CustomerId Customer, Delivery Delivery, string Where);
}

public sealed class SqliteStoredDeliveryTests(SqliteFixture fixture, ITestOutputHelper output) : StoredDeliveryTests(fixture, output), IClassFixture<SqliteFixture>;

public sealed class PostgresStoredDeliveryTests(PostgresFixture fixture, ITestOutputHelper output) : StoredDeliveryTests(fixture, output), IClassFixture<PostgresFixture>;
