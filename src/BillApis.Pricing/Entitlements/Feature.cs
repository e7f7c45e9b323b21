using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>Something that customers may use or not, or so much of; plans say who may.</summary>
public sealed record Feature : IMasterData<Feature>
{
    /// <inheritdoc/>
    public static string Kind => "feature";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public FeatureId Id { get; init; } = EntityId.New<FeatureId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, without white space.</summary>
    public required string Code { get; init; }

    /// <summary>What customers read.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a sentence or two.</summary>
    public string? Description { get; init; }

    /// <summary>The metric that counts its use; null where only reservations count it, or nothing does.</summary>
    public MetricId? Metric { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<Feature>.Key => Id.ToString();

    string? IEntity<Feature>.Alias => Code;

    /// <inheritdoc/>
    public Feature WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Feature Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Feature Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Name("name", Name);
        Check.Text("description", Description);
        Check.Metadata(Metadata);
    }
}
