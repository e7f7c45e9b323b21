using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A row of the rate tables: what a jurisdiction levies on a category, and when.</summary>
public sealed record TaxRate : IMasterData<TaxRate>
{
    private const int RegionLength = 64;
    private const decimal MaxPercentage = 1_000;

    /// <inheritdoc/>
    public static string Kind => "tax_rate";

    /// <inheritdoc/>
    public static string AliasField => "id";

    /// <summary>The id.</summary>
    public TaxRateId Id { get; init; } = EntityId.New<TaxRateId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>What the tax is called; of each name the most specific row counts, and different names add up.</summary>
    public string Name { get; init; } = "Tax";

    /// <summary>The country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>The state or province; null for the whole country.</summary>
    public string? Region { get; init; }

    /// <summary>The category of goods; null for all.</summary>
    public string? TaxCategory { get; init; }

    /// <summary>The rate in percent, 0 for what is not taxed.</summary>
    public required decimal Percentage { get; init; }

    /// <summary>Whether prices have the tax in them.</summary>
    public bool Inclusive { get; init; }

    /// <summary>Whether businesses with a VAT number account for it themselves, where the country is in the European Union; false for the seller's own country.</summary>
    public bool ReverseCharge { get; init; } = true;

    /// <summary>From when it counts; null for ever before.</summary>
    public Instant? ValidFrom { get; init; }

    /// <summary>Until when it counts, that instant not included; null for ever after.</summary>
    public Instant? ValidTo { get; init; }

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<TaxRate>.Key => Id.ToString();

    string? IEntity<TaxRate>.Alias => null;

    /// <inheritdoc/>
    public TaxRate WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public TaxRate Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public TaxRate Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Name("name", Name);
        if (!(Country is { Length: 2 } && Country.All(char.IsAsciiLetterUpper)))
        {
            throw BillingException.Field("country", "must be an ISO 3166 code of two upper-case letters, like DE");
        }

        Check.Text("region", Region, RegionLength);
        Check.Text("tax_category", TaxCategory, Limits.CodeLength);
        RequireSome("region", Region, "the whole country");
        RequireSome("tax_category", TaxCategory, "all categories");
        Check.Range("percentage", Percentage, 0, MaxPercentage);
        if (ValidTo <= ValidFrom)
        {
            throw BillingException.Field("valid_to", "must be after valid_from");
        }
    }

    // An empty text is no place and no category: such a rate would be charged to nobody, and nobody would be told.
    private static void RequireSome(string field, string? value, string all)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value))
        {
            throw BillingException.Field(field, $"must not be empty; leave it out for {all}");
        }
    }

    /// <summary>Whether it counts for a place, a category and a date.</summary>
    public bool Fits(string? country, string? region, string? category, Instant at) =>
        string.Equals(Country, country, StringComparison.OrdinalIgnoreCase)
        && (Region is null || string.Equals(Region, region, StringComparison.OrdinalIgnoreCase))
        && (TaxCategory is null || TaxCategory == category)
        && !(at < ValidFrom) && !(at >= ValidTo);
}
