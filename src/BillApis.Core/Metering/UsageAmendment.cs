using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>What counts in the place of an event; what is left out stays as it was.</summary>
public sealed record UsageAmendment
{
    /// <summary>The id of the event in its source.</summary>
    public required string Id { get; init; }

    /// <summary>The source of the event.</summary>
    public string Source { get; init; } = UsageEvent.DefaultSource;

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>What happened.</summary>
    public string? Type { get; init; }

    /// <summary>The customer's id or external id.</summary>
    public string? Customer { get; init; }

    /// <summary>When it happened.</summary>
    public Instant? Timestamp { get; init; }

    /// <summary>All properties; those that are not named are gone.</summary>
    public UsageProperties? Properties { get; init; }

    /// <summary>The one subscription that it is billed under.</summary>
    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>The event with what changes.</summary>
    internal UsageEvent Of(UsageEvent item) => item with
    {
        Type = Type ?? item.Type,
        Customer = Customer ?? item.Customer,
        Timestamp = Timestamp ?? item.Timestamp,
        Properties = Properties ?? item.Properties,
        SubscriptionId = SubscriptionId ?? item.SubscriptionId,
    };
}
