using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>An event that passed intake: all that a store needs to keep and count it.</summary>
public sealed record StampedEvent
{
    /// <summary>The event as it was sent.</summary>
    public required UsageEvent Event { get; init; }

    /// <summary>When it happened: its timestamp, or the time of arrival.</summary>
    public required Instant At { get; init; }

    /// <summary>When it arrived.</summary>
    public required Instant RecordedAt { get; init; }

    /// <summary>Equal for two deliveries of an id only where they are the same event.</summary>
    public required string Hash { get; init; }

    /// <summary>Whose it is; null where the tenant has no such customer.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>What it adds to each metric that counts it.</summary>
    public ImmutableArray<Contribution> Contributions { get; init; } = [];

    /// <summary>Whether it counts also where its period was billed already; what was billed then has to be rated again. Otherwise that part of it is an orphan.</summary>
    public bool CountsLate { get; init; }

    /// <summary>Whether it names a subscription that its customer does not have; it adds nothing to any metric then.</summary>
    public bool IsSubscriptionUnknown { get; init; }

    /// <summary>Why nothing can be billed for it as it stands; null where it counts.</summary>
    public OrphanReason? Orphan =>
        IsSubscriptionUnknown && Event.Customer is "" ? OrphanReason.UnknownSubscription
        : Customer is null ? OrphanReason.UnknownCustomer
        : IsSubscriptionUnknown ? OrphanReason.UnknownSubscription
        : Contributions.IsEmpty ? OrphanReason.NoMetric
        : null;
}

/// <summary>Why an event is kept without being counted.</summary>
public enum OrphanReason
{
    /// <summary>The tenant has no customer of that id or external id.</summary>
    UnknownCustomer,

    /// <summary>The customer has no subscription of the id that the event names.</summary>
    UnknownSubscription,

    /// <summary>No metric counts events like it.</summary>
    NoMetric,

    /// <summary>It happened in a period that was billed before it arrived.</summary>
    Late,
}
