using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>What something costs: terms with a name, so that plans can share them.</summary>
public sealed record Price : IEntity<Price>
{
    /// <summary>Its id.</summary>
    public required PriceId Id { get; init; }

    /// <inheritdoc/>
    public required TenantId Tenant { get; init; }

    /// <summary>The caller's own name for it, unique in its tenant.</summary>
    public required string Code { get; init; }

    /// <summary>What an invoice line calls it, or null for its code.</summary>
    public string? Name { get; init; }

    /// <summary>What it is, for people.</summary>
    public string? Description { get; init; }

    /// <summary>What is sold at this price, or null.</summary>
    public ProductId? Product { get; init; }

    /// <summary>What counts the usage; null where the quantity is agreed, as for seats.</summary>
    public MetricId? Metric { get; init; }

    /// <summary>The terms that a published plan takes a copy of.</summary>
    public required PriceTerms Terms { get; init; }

    /// <summary>The caller's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);

    /// <inheritdoc/>
    public required Instant CreatedAt { get; init; }

    /// <summary>Since when new plans may not use it, or null.</summary>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>Whether metered usage is what it charges for.</summary>
    [JsonIgnore]
    public bool IsMetered => Metric is not null;

    /// <inheritdoc/>
    [JsonIgnore]
    public string Key => Id.ToString();

    /// <inheritdoc/>
    [JsonIgnore]
    public string? Alias => Code;

    /// <inheritdoc/>
    public Price WithVersion(long version) => this with { Version = version };

    /// <summary>The price as one that new plans may not use; archiving twice changes nothing.</summary>
    public Price Archive(Instant at) => ArchivedAt is null ? this with { ArchivedAt = at } : this;
}
