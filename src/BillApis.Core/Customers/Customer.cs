using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>A party that is billed, in one currency.</summary>
public sealed record Customer : IMasterData<Customer>
{
    /// <summary>The most days that a customer may have to pay.</summary>
    public const int MaxPaymentTermsDays = 365;

    /// <inheritdoc/>
    public static string Kind => "customer";

    /// <inheritdoc/>
    public static string AliasField => "external_id";

    /// <summary>The id.</summary>
    public CustomerId Id { get; init; } = EntityId.New<CustomerId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>What the customer is called on its invoices.</summary>
    public required string Name { get; init; }

    /// <summary>The currency of every bill.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The tenant's own id for the customer, accepted wherever the id is.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Other names that usage of the customer may come under, such as the id of a key or of a system; no two customers share one.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>Where bills are sent.</summary>
    public string? Email { get; init; }

    /// <summary>The IANA zone in which the customer's subscriptions start their periods.</summary>
    public DateTimeZone Zone { get; init; } = DateTimeZone.Utc;

    /// <summary>ISO 3166-1 alpha-2, upper case.</summary>
    public string? Country { get; init; }

    /// <summary>The postal address.</summary>
    public Address? Address { get; init; }

    /// <summary>The VAT or other tax number.</summary>
    public string? TaxId { get; init; }

    /// <summary>Whether no tax is charged.</summary>
    public bool TaxExempt { get; init; }

    /// <summary>Days from issue until an invoice is due, 0 to <see cref="MaxPaymentTermsDays"/>; null for what the tenant's settings say.</summary>
    public int? PaymentTermsDays { get; init; }

    /// <summary>Who sells to it; null for what the tenant's settings say.</summary>
    public LegalEntityId? LegalEntity { get; init; }

    /// <summary>Whether its subscriptions are billed together where they have a boundary in common, unless one of them says otherwise.</summary>
    public bool ConsolidateInvoices { get; init; }

    /// <summary>The purchase-order number of its invoices, where they name no other.</summary>
    public string? PurchaseOrder { get; init; }

    /// <summary>The BCP 47 language of the customer's documents.</summary>
    public string? Locale { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<Customer>.Key => Id.ToString();

    string? IEntity<Customer>.Alias => ExternalId;

    internal InvoiceParty Party => new(Name, Address, Country ?? Address?.Country, TaxId, Email);

    /// <inheritdoc/>
    public Customer WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public Customer Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public Customer Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Name("name", Name);
        Check.Metadata(Metadata);
        Check.Range("payment_terms_days", PaymentTermsDays ?? 0, 0, MaxPaymentTermsDays);
        Check.Text("purchase_order", PurchaseOrder, Limits.CodeLength);
        Check.Text("tax_id", TaxId, Limits.CodeLength);
        Check.Text("locale", Locale, Limits.CodeLength);
        if (Currency == default)
        {
            throw BillingException.Field("currency", "is required");
        }

        if (ExternalId is not null)
        {
            Check.Code("external_id", ExternalId);
        }

        ValidateAliases();
        Check.Email("email", Email);
        if (Country is not null && !(Country.Length == 2 && Country.All(char.IsAsciiLetterUpper)))
        {
            throw BillingException.Field("country", "must be an ISO 3166 code of two upper-case letters, like DE");
        }
    }

    private void ValidateAliases()
    {
        if (Aliases.Length > Limits.AliasesPerCustomer)
        {
            throw BillingException.Field("aliases", $"must be at most {Limits.AliasesPerCustomer}");
        }

        for (var i = 0; i < Aliases.Length; i++)
        {
            Check.Code($"aliases[{i}]", Aliases[i]);
            if (Aliases.IndexOf(Aliases[i]) < i)
            {
                throw BillingException.Field($"aliases[{i}]", $"is '{Aliases[i]}' again");
            }
        }
    }
}
