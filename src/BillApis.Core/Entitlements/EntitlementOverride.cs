using System.Text.Json.Serialization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>An exception for one customer: it stands in for whatever the customer's plans grant of a feature, and the newest in force stands in for older ones.</summary>
public sealed record EntitlementOverride : IEntity<EntitlementOverride>
{
    /// <summary>The id.</summary>
    public required EntitlementId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>Whose it is.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>What is granted.</summary>
    public required Entitlement Terms { get; init; }

    /// <summary>From when it is in force.</summary>
    public required Instant EffectiveAt { get; init; }

    /// <summary>Until when it is in force; null for no end.</summary>
    public Instant? ExpiresAt { get; init; }

    /// <summary>When it was taken back; null where it was not.</summary>
    public Instant? EndedAt { get; init; }

    /// <summary>Why it was made, in words.</summary>
    public string? Reason { get; init; }

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>When it is out of force; null for never.</summary>
    [JsonIgnore]
    public Instant? End => EndedAt is { } ended && ended < (ExpiresAt ?? Instant.MaxValue) ? ended : ExpiresAt;

    string IEntity<EntitlementOverride>.Key => Id.ToString();

    string? IEntity<EntitlementOverride>.Alias => null;

    /// <inheritdoc/>
    public EntitlementOverride WithVersion(long version) => this with { Version = version };

    /// <summary>Whether it is in force at an instant.</summary>
    public bool IsInForce(Instant at) => EffectiveAt <= at && at < (End ?? Instant.MaxValue);

    /// <summary>Takes it back; what it granted until then stays on record.</summary>
    /// <exception cref="BillingException">It is out of force already.</exception>
    public EntitlementOverride Stop(Instant at) => End <= at
        ? throw new BillingException(BillingErrorCode.Conflict, $"The entitlement '{Id}' has ended already.")
        : this with { EndedAt = at };
}
