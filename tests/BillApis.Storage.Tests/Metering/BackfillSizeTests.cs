using System.Diagnostics;
using BillApis.Conformance;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

/// <summary>A backfill as large as one may be: it replaces what was there by as many events as it may hold.</summary>
public abstract class BackfillSizeTests(StoreFixture fixture)
{
    private const int Customers = 20;
    private const int Batches = Limits.EventsPerBackfill / Limits.EventsPerBatch;
    private const int OldBatches = 4;
    private const long MostHeldBytes = 64L * 1_024 * 1_024;
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private static readonly Interval Days = new(Start, Start + Duration.FromDays(10));
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Billing Billing => fixture.Get<Billing>();

    [Fact]
    public async Task A_hundred_thousand_events_take_the_place_of_others_in_bounded_memory()
    {
        await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "sum", Name = "Sum", EventType = "call", Aggregation = Aggregation.Sum, Property = "n" }, Token);
        for (var i = 0; i < Customers; i++)
        {
            await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Customer", ExternalId = $"customer-{i}", Currency = Currency.Parse("USD") }, Token);
        }

        var clock = Stopwatch.StartNew();
        for (var batch = 0; batch < OldBatches; batch++)
        {
            (await Billing.Usage.RecordAsync(_tenant, Batch(batch, "old", 1), Token)).Accepted.ShouldBe(Limits.EventsPerBatch);
        }

        var recorded = clock.Elapsed;
        var backfill = (await Billing.Backfills.OpenAsync(_tenant, new NewUsageBackfill { Period = Days, ReplaceExisting = true }, Token)).Id.ToString();
        for (var batch = 0; batch < Batches; batch++)
        {
            (await Billing.Backfills.AddAsync(_tenant, backfill, Batch(batch, batch % 2 == 0 ? "old" : "new", 3), Token)).Accepted.ShouldBe(Limits.EventsPerBatch);
        }

        // One more is refused.
        var tooMany = await Should.ThrowAsync<BillingException>(() => Billing.Backfills.AddAsync(_tenant, backfill, [Event("more", 0, 3)], Token));
        (tooMany.Code, await SumAsync()).ShouldBe((BillingErrorCode.TooLarge, OldBatches * Limits.EventsPerBatch));
        var (filled, before) = (clock.Elapsed, GC.GetTotalMemory(forceFullCollection: true));
        var applying = Billing.Backfills.ApplyAsync(_tenant, backfill, Token);
        var most = 0L;
        while (await Task.WhenAny(applying, Task.Delay(TimeSpan.FromMilliseconds(250), Token)) != applying)
        {
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        // Every other batch has the ids of one that was there, as long as there were any.
        var half = OldBatches / 2 * Limits.EventsPerBatch;
        (await applying).Effect.ShouldBe(new BackfillEffect(Limits.EventsPerBackfill - half, half, half, 0));
        (await SumAsync()).ShouldBe(3 * Limits.EventsPerBackfill);
        var applied = clock.Elapsed;
        (await Billing.Backfills.RevertAsync(_tenant, backfill, Token)).Status.ShouldBe(UsageBackfillStatus.Reverted);
        (await SumAsync()).ShouldBe(OldBatches * Limits.EventsPerBatch);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"recorded in {recorded.TotalSeconds:0.0} s, filled in {(filled - recorded).TotalSeconds:0.0} s, applied in {(applied - filled).TotalSeconds:0.0} s with {most / 1_048_576} MiB at most, reverted in {(clock.Elapsed - applied).TotalSeconds:0.0} s");
        most.ShouldBeLessThan(MostHeldBytes);
    }

    private static UsageEvent[] Batch(int batch, string prefix, int value) =>
        [.. Enumerable.Range(0, Limits.EventsPerBatch).Select(i => (batch * Limits.EventsPerBatch) + i).Select(number => Event($"{prefix}-{number}", number, value))];

    // Over ten days, eight seconds apart.
    private static UsageEvent Event(string id, int number, int value) => new()
    {
        Id = id, Type = "call", Customer = $"customer-{number % Customers}", Timestamp = Start + Duration.FromSeconds(number * 8), Properties = UsageProperties.Of(("n", value)),
    };

    private async Task<decimal> SumAsync()
    {
        var sum = 0m;
        for (var customer = 0; customer < Customers; customer++)
        {
            sum += (await Billing.Usage.SummaryAsync(_tenant, new UsageSummaryQuery { Customer = $"customer-{customer}", Metric = "sum", Period = Days }, Token)).Sum(row => row.Value);
        }

        return sum;
    }
}

public sealed class SqliteBackfillSizeTests(SqliteFixture fixture) : BackfillSizeTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresBackfillSizeTests(PostgresFixture fixture) : BackfillSizeTests(fixture), IClassFixture<PostgresFixture>;
