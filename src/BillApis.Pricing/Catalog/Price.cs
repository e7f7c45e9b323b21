using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>What something costs: terms with a name, so that plans can share them.</summary>
public sealed record Price : IMasterData<Price>
{
    /// <inheritdoc/>
    public static string Kind => "price";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>Its id.</summary>
    public PriceId Id { get; init; } = EntityId.New<PriceId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

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

    /// <summary>What it grants where it is an add-on of a subscription, each as often as the add-on was taken.</summary>
    public ImmutableArray<Entitlement> Entitlements { get; init; } = [];

    /// <summary>The caller's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <summary>Since when new plans may not use it, or null.</summary>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    /// <summary>Whether metered usage is what it charges for.</summary>
    [JsonIgnore]
    public bool IsMetered => Metric is not null;

    string IEntity<Price>.Key => Id.ToString();

    string? IEntity<Price>.Alias => Code;

    /// <inheritdoc/>
    public Price WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Price Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Price Archived(Instant at) => ArchivedAt is null ? this with { ArchivedAt = at } : this;

    /// <summary>Whether both charge the same for the same usage; a published price must not come to charge otherwise.</summary>
    public bool CostsLike(Price other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Metric, Product) == (other.Metric, other.Product) && JsonSerializer.Serialize(Terms, BillingJson.Options) == JsonSerializer.Serialize(other.Terms, BillingJson.Options);
    }

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        if (Name is not null)
        {
            Check.Name("name", Name);
        }

        Check.Text("description", Description);
        Check.Metadata(Metadata);
        Entitlement.Validate(Entitlements);
        _ = Terms.Validated();
    }
}
