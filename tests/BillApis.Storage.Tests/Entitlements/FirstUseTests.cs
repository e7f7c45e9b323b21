using System.Reflection;
using BillApis.Conformance;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Storage.Tests.Entitlements;

/// <summary>Windows that open with their use are those that asking for each one by itself finds, with far fewer readings.</summary>
public abstract class FirstUseTests(StoreFixture fixture)
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 10, 9, 20);
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private Billing Billing => fixture.Get<Billing>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_windows_of_a_period_are_those_that_are_found_one_by_one(int seed)
    {
        var random = new Random(seed);
        var (customer, metric) = await SetUpAsync();
        List<UsageEvent> events = [.. Enumerable.Range(0, 150).Select(i => Event($"{i}", Start - Duration.FromDays(1) + Duration.FromMinutes(random.Next(30 * 24 * 4) * (random.Next(3) == 0 ? 15 : 1)) + Duration.FromMilliseconds(random.Next(3))))];
        await Billing.Usage.RecordAsync(_tenant, events, Stop);
        foreach (var item in events.Where(_ => random.Next(6) == 0))
        {
            await Billing.Usage.VoidAsync(_tenant, item.Id, cancellationToken: Stop);
        }

        var (period, zone) = (new Interval(Start, Start + Duration.FromDays(28)), DateTimeZoneProviders.Tzdb[seed == 1 ? "Asia/Kolkata" : "America/New_York"]);
        foreach (var (reset, count, opens) in new[] { (UsageReset.Hour, 1, WindowOpening.FirstUsage), (UsageReset.Hour, 5, WindowOpening.FirstUsage), (UsageReset.Hour, 3, WindowOpening.UnitStart), (UsageReset.Day, 2, WindowOpening.UnitStart), (UsageReset.Week, 1, WindowOpening.FirstUsage) })
        {
            var terms = new Entitlement(EntityId.New<FeatureId>(), EntitlementType.Metered) { Reset = reset, ResetCount = count, Opens = opens };
            foreach (var at in new[] { period.End - Duration.Epsilon, Start + Duration.FromMinutes(random.Next(28 * 24 * 60)) })
            {
                var span = new Interval(period.Start, at + FirstUse.Precision);
                var uses = await FirstUse.ReadAsync(fixture.Get<IUsageStore>(), customer, metric, span, Stop);
                var found = await WindowsAsync(terms, period, zone, from => uses.FindAsync(from, Stop));
                found.ShouldBe(await WindowsAsync(terms, period, zone, from => SlowlyAsync(customer, metric, span, from)));
                found.Count.ShouldBePositive();
            }
        }
    }

    [Fact]
    public async Task Hundreds_of_windows_take_a_handful_of_readings()
    {
        var (customer, metric) = await SetUpAsync();
        await Billing.Usage.RecordAsync(_tenant, [.. Enumerable.Range(0, 600).Select(i => Event($"{i}", Start + Duration.FromMinutes(61 * i)))], Stop);
        var (store, calls) = Counting.Of(fixture.Get<IUsageStore>());
        var period = new Interval(Start, Start + Duration.FromDays(300));
        var uses = await FirstUse.ReadAsync(store, customer, metric, new Interval(Start, Start + Duration.FromDays(40)), Stop);
        var terms = new Entitlement(EntityId.New<FeatureId>(), EntitlementType.Metered) { Reset = UsageReset.Hour, ResetCount = 1, Opens = WindowOpening.FirstUsage };
        (await WindowsAsync(terms, period, DateTimeZone.Utc, from => uses.FindAsync(from, Stop))).Count.ShouldBe(600);
        calls().ShouldBeLessThan(6);
    }

    // As every check did before: days, hours and events for each window anew.
    private async Task<Instant?> SlowlyAsync(Customer customer, Metric metric, Interval span, Instant from)
    {
        if (from >= span.End)
        {
            return null;
        }

        var (counted, rest, usage) = (metric with { Recurring = false }, new Interval(from, span.End), fixture.Get<IUsageStore>());
        foreach (var part in new[] { UsageWindow.Day, UsageWindow.Hour })
        {
            var readings = await usage.ReadAsync(_tenant, [.. UsageWindows.Of(rest, part, DateTimeZone.Utc).Select(piece => new UsageRequest(counted, customer.Id, piece))], Stop);
            if (readings.FirstOrDefault(reading => reading.Events > 0) is not { } first)
            {
                return null;
            }

            rest = first.Request.Period;
        }

        return (await usage.ReadEventsAsync(_tenant, new UsageRequest(counted, customer.Id, rest), Stop)).Min(item => item.Timestamp);
    }

    private static async Task<List<Interval>> WindowsAsync(Entitlement terms, Interval period, DateTimeZone zone, Func<Instant, Task<Instant?>> first)
    {
        var windows = new List<Interval>();
        for (var from = period.Start; from < period.End && OpenedWindow.Of(terms, period, zone, await first(from), from) is { } window; from = window.End)
        {
            windows.Add(window);
        }

        return windows;
    }

    private async Task<(Customer Customer, Metric Metric)> SetUpAsync() => (
        await Billing.Customers.CreateAsync(_tenant, new Customer { Name = "Acme", ExternalId = "acme", Currency = Currency.Parse("USD") }, Stop),
        await Billing.Metrics.CreateAsync(_tenant, new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Count, Recurring = false }, Stop));

    private static UsageEvent Event(string id, Instant at) => new() { Id = id, Type = "call", Customer = "acme", Timestamp = at };
}

/// <summary>A store of usage that counts how often it is read.</summary>
public class Counting : DispatchProxy
{
    private IUsageStore _store = null!;
    private int _calls;

    public static (IUsageStore Store, Func<int> Calls) Of(IUsageStore store)
    {
        var proxy = Create<IUsageStore, Counting>();
        var counting = (Counting)(object)proxy;
        counting._store = store;
        return (proxy, () => counting._calls);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        _calls++;
        return targetMethod!.Invoke(_store, args);
    }
}

public sealed class SqliteFirstUseTests(SqliteFixture fixture) : FirstUseTests(fixture), IClassFixture<SqliteFixture>;

public sealed class PostgresFirstUseTests(PostgresFixture fixture) : FirstUseTests(fixture), IClassFixture<PostgresFixture>;
