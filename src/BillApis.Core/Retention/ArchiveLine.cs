using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>A line of an archive: the fields of an event as it may be sent, and what billing knew of it.</summary>
internal sealed record ArchiveLine
{
    public required string Id { get; init; }
    public required string Source { get; init; }
    public required string Type { get; init; }

    [JsonPropertyName("customer_id")]
    public required string Customer { get; init; }

    [JsonPropertyName("subscription_id")]
    public SubscriptionId? Subscription { get; init; }

    public required Instant Timestamp { get; init; }
    public required UsageProperties Properties { get; init; }
    public required Instant ReceivedAt { get; init; }

    [JsonPropertyName("billed_customer_id")]
    public CustomerId? BilledCustomer { get; init; }

    public required ImmutableArray<MetricId> Metrics { get; init; }

    public static ArchiveLine Of(StoredEvent stored) => new()
    {
        Id = stored.Event.Id, Source = stored.Event.Source, Type = stored.Event.Type, Customer = stored.Event.Customer, Subscription = stored.Event.SubscriptionId,
        Timestamp = stored.Event.Timestamp!.Value, Properties = stored.Event.Properties, ReceivedAt = stored.RecordedAt, BilledCustomer = stored.Customer, Metrics = stored.Metrics,
    };

    public StoredEvent Read() => new(
        new UsageEvent { Id = Id, Source = Source, Type = Type, Customer = Customer, SubscriptionId = Subscription, Timestamp = Timestamp, Properties = Properties },
        ReceivedAt, BilledCustomer, Metrics);
}
