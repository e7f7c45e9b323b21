using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>Something that is sold; prices say what it costs.</summary>
public sealed record Product : IMasterData<Product>
{
    /// <inheritdoc/>
    public static string Kind => "product";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public ProductId Id { get; init; } = EntityId.New<ProductId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, without white space.</summary>
    public required string Code { get; init; }

    /// <summary>What customers read.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a sentence or two.</summary>
    public string? Description { get; init; }

    /// <summary>Where people read how it is used, as a web address.</summary>
    public string? DocsUrl { get; init; }

    /// <summary>The category by which tax is decided.</summary>
    public string? TaxCategory { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<Product>.Key => Id.ToString();

    string? IEntity<Product>.Alias => Code;

    /// <inheritdoc/>
    public Product WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Product Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Product Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Name("name", Name);
        Check.Text("description", Description);
        Check.Text("tax_category", TaxCategory, Limits.CodeLength);
        Check.Text("docs_url", DocsUrl);
        if (DocsUrl is not null && !(Uri.TryCreate(DocsUrl, UriKind.Absolute, out var docs) && (docs.Scheme == Uri.UriSchemeHttps || docs.Scheme == Uri.UriSchemeHttp)))
        {
            throw BillingException.Field("docs_url", "must be a web address like https://docs.example.com/speech");
        }

        Check.Metadata(Metadata);
    }
}
