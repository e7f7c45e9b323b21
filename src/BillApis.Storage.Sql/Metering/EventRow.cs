using System.Text.Json;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>An event as it is read through the view that finds it: by customer and time or by time alone; <see cref="IUsageLog.Keyed"/> finds one by its key.</summary>
/// <remarks>Whoever reads first lets <see cref="IUsageLog"/> catch up: <see cref="UsageCatchUp"/>.</remarks>
internal record EventRow
{
    public const string ByCustomer = "billing_usage_by_customer";
    public const string ByTime = "billing_usage_by_time";
    public const string Columns = """
        e.source as Source, e.id as Id, e.type as Type, e.customer as Customer, e.customer_id as CustomerId, e.subscription_id as SubscriptionId,
        e.at as At, e.recorded_at as RecordedAt, e.properties as Properties, e.metrics as Metrics
        """;

    public required string Source { get; init; }
    public required string Id { get; init; }
    public required string Type { get; init; }
    public required string Customer { get; init; }
    public string? CustomerId { get; init; }
    public required string SubscriptionId { get; init; }
    public required long At { get; init; }
    public required long RecordedAt { get; init; }
    public required string Properties { get; init; }
    public required string Metrics { get; init; }

    public StoredEvent Read() => new(
        new UsageEvent
        {
            Source = Source,
            Id = Id,
            Type = Type,
            Customer = Customer,
            SubscriptionId = SubscriptionId.Length == 0 ? null : EntityId.Parse<SubscriptionId>(SubscriptionId),
            Timestamp = SqlTime.FromMicroseconds(At),
            Properties = JsonSerializer.Deserialize<UsageProperties>(Properties, BillingJson.Options)!,
        },
        SqlTime.FromMicroseconds(RecordedAt),
        CustomerId is null ? null : EntityId.Parse<CustomerId>(CustomerId),
        [.. Metrics.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(EntityId.Parse<MetricId>)]);
}
