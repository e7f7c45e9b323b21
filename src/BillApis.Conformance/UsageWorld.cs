using System.Collections.Immutable;
using BillApis.Metering;
using NodaTime;
using Xunit;

namespace BillApis.Conformance;

/// <summary>A tenant with two customers and metrics of every aggregation, and events for them.</summary>
internal sealed class UsageWorld
{
    public static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    public static readonly Instant Now = Instant.FromUtc(2026, 3, 1, 0, 0);
    public static readonly Interval January = new(Start, Instant.FromUtc(2026, 2, 1, 0, 0));

    public TenantId Tenant { get; } = EntityId.New<TenantId>();

    public CustomerId Acme { get; } = EntityId.New<CustomerId>();

    public CustomerId Globex { get; } = EntityId.New<CustomerId>();

    public SubscriptionId First { get; } = EntityId.New<SubscriptionId>();

    public SubscriptionId Second { get; } = EntityId.New<SubscriptionId>();

    public ImmutableArray<Metric> Metrics { get; } =
    [
        New("calls", Aggregation.Count), New("tokens", Aggregation.Sum, "v", "model", "region"), New("plain", Aggregation.Sum, "v"), New("peak", Aggregation.Max, "v", "model"),
        New("floor", Aggregation.Min, "v"), New("seats", Aggregation.Latest, "v", "model"), New("users", Aggregation.UniqueCount, "user", "model"),
        New("mean", Aggregation.Average, "v", "model"), New("p90", Aggregation.Percentile, "v", "model") with { Percentile = 90 }, New("stored", Aggregation.WeightedSum, "v", "model"),
        New("stored days", Aggregation.WeightedSum, "v") with { Weighting = TimeWeighting.Day, Recurring = true },
        New("owned", Aggregation.Sum, "v") with { Recurring = true }, New("level", Aggregation.Max, "v", "model") with { Recurring = true },
        New("kept", Aggregation.WeightedSum, "v") with { Recurring = true }, New("last", Aggregation.Latest, "v") with { Recurring = true },
        New("members", Aggregation.UniqueCount, "user", "model") with { Recurring = true, OperationProperty = "op" }, New("guests", Aggregation.UniqueCount, "user") with { OperationProperty = "op" },
        New("member days", Aggregation.UniqueCount, "user") with { Recurring = true, OperationProperty = "op", Weighting = TimeWeighting.Day },
        New("stored by day", Aggregation.WeightedSum, "v", "model") with { Weighting = TimeWeighting.Day },
        New("visitor days", Aggregation.UniqueCount, "user") with { OperationProperty = "op", Weighting = TimeWeighting.Day },
        New("member time", Aggregation.UniqueCount, "user") with { OperationProperty = "op", Weighting = TimeWeighting.Second },
    ];

    public Metric this[string code] => Metrics.Single(metric => metric.Code == code);

    public CustomerId CustomerOf(UsageEvent item) => item.Customer == "acme" ? Acme : Globex;

    public static UsageEvent Event(string id, Instant at, PropertyValue value, string? model = null, string user = "u") => new()
    {
        Id = id, Type = "e", Customer = "acme", Timestamp = at,
        Properties = UsageProperties.Of(("v", value), ("model", model), ("user", user)),
    };

    public StampedEvent Stamp(UsageEvent item, Instant? now = null)
    {
        var customers = ImmutableDictionary<string, CustomerId>.Empty.Add("acme", Acme).Add("globex", Globex);
        return new Intake(Metrics, customers, now ?? Now).Stamp(item, out var stamped) is { } wrong ? throw new InvalidOperationException($"{wrong}") : stamped!;
    }

    public UsageRequest Ask(string code, Interval? period = null, params string[] groupBy) => new(this[code], Acme, period ?? January) { GroupBy = [.. groupBy] };

    /// <summary>What a store answers is what a count of the kept events themselves comes to.</summary>
    public async Task CompareAsync(TenantId tenant, IUsageStore store, IReadOnlyCollection<UsageEvent> kept, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        foreach (var (request, answer) in requests.Zip(await store.ReadAsync(tenant, requests, cancellationToken)))
        {
            var recount = UsageCalculator.Read(request, kept.Where(item => CustomerOf(item) == request.Customer));
            Assert.Equal(recount.Groups.AsEnumerable(), answer.Groups);
        }
    }

    private static Metric New(string code, Aggregation aggregation, string? property = null, params string[] groupBy) => new()
    {
        Code = code, Name = code, EventType = "e", Aggregation = aggregation, Property = property, GroupBy = [.. groupBy], AllowNegative = true,
    };
}
