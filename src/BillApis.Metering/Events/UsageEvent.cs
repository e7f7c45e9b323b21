using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Something that a customer used, as it was sent. It is never changed and never deleted.</summary>
public sealed record UsageEvent
{
    /// <summary>The source of events that name none.</summary>
    public const string DefaultSource = "api";

    /// <summary>The sender's id: one source never uses an id for two things.</summary>
    public required string Id { get; init; }

    /// <summary>What happened; metrics pick events by it.</summary>
    public required string Type { get; init; }

    /// <summary>The customer's id, external id or alias, as it was sent; empty where the sender named none, and it is found through the subscription.</summary>
    [JsonPropertyName("customer_id")]
    public string Customer { get; init; } = "";

    /// <summary>When it happened; the time of arrival where the sender did not say.</summary>
    public Instant? Timestamp { get; init; }

    /// <summary>What metrics measure, filter and group by.</summary>
    public UsageProperties Properties { get; init; } = UsageProperties.None;

    /// <summary>The one subscription that it is billed under; each of the customer's where none is named.</summary>
    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>The system it came from; ids are unique in it.</summary>
    public string Source { get; init; } = DefaultSource;
}
