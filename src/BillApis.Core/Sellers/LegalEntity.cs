using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>A company that sells: what its invoices say of it, and the series of their numbers.</summary>
public sealed record LegalEntity : IMasterData<LegalEntity>
{
    private const int SeriesLength = 20;

    /// <inheritdoc/>
    public static string Kind => "legal_entity";

    /// <inheritdoc/>
    public static string AliasField => "code";

    /// <summary>The id.</summary>
    public LegalEntityId Id { get; init; } = EntityId.New<LegalEntityId>();

    /// <inheritdoc/>
    public TenantId Tenant { get; init; }

    /// <summary>The tenant's own name for it, without white space.</summary>
    public required string Code { get; init; }

    /// <summary>The registered name.</summary>
    public required string Name { get; init; }

    /// <summary>ISO 3166-1 alpha-2, upper case.</summary>
    public string? Country { get; init; }

    /// <summary>The postal address.</summary>
    public Address? Address { get; init; }

    /// <summary>The VAT or other tax number.</summary>
    public string? TaxId { get; init; }

    /// <summary>Where customers write to.</summary>
    public string? Email { get; init; }

    /// <summary>The series of its invoices' numbers, for example <c>DE-2026</c>; no two entities share one.</summary>
    public required string InvoiceSeries { get; init; }

    /// <summary>The series of its credit memos' numbers.</summary>
    public required string CreditMemoSeries { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <inheritdoc/>
    public Instant CreatedAt { get; init; }

    /// <inheritdoc/>
    public Instant? ArchivedAt { get; init; }

    /// <inheritdoc/>
    public long Version { get; init; }

    string IEntity<LegalEntity>.Key => Id.ToString();

    string? IEntity<LegalEntity>.Alias => Code;

    internal IEnumerable<string> Series => [InvoiceSeries, CreditMemoSeries];

    internal InvoiceParty Party => new(Name, Address, Country ?? Address?.Country, TaxId, Email);

    /// <inheritdoc/>
    public LegalEntity WithVersion(long version) => this with { Version = version };

    /// <inheritdoc/>
    public LegalEntity Created(TenantId tenant, Instant at) => this with { Tenant = tenant, CreatedAt = at, Version = 0 };

    /// <inheritdoc/>
    public LegalEntity Archived(Instant at) => this with { ArchivedAt = at };

    /// <inheritdoc/>
    public void Validate()
    {
        Check.Code("code", Code);
        Check.Name("name", Name);
        Check.Metadata(Metadata);
        Check.Text("tax_id", TaxId, Limits.CodeLength);
        Check.Text("email", Email, Limits.CodeLength);
        ValidateSeries("invoice_series", InvoiceSeries);
        ValidateSeries("credit_memo_series", CreditMemoSeries);
        if (InvoiceSeries == CreditMemoSeries)
        {
            throw BillingException.Field("credit_memo_series", "must be another than invoice_series");
        }

        if (Country is not null && !(Country.Length == 2 && Country.All(char.IsAsciiLetterUpper)))
        {
            throw BillingException.Field("country", "must be an ISO 3166 code of two upper-case letters, like DE");
        }
    }

    private static void ValidateSeries(string field, string series)
    {
        if (series.Length is 0 or > SeriesLength || !series.All(letter => char.IsAsciiLetterUpper(letter) || char.IsAsciiDigit(letter) || letter is '-' or '/') || series is Invoice.DefaultSeries or CreditMemo.DefaultSeries)
        {
            throw BillingException.Field(field, $"must be 1 to {SeriesLength} of A-Z, 0-9, '-' and '/', and neither {Invoice.DefaultSeries} nor {CreditMemo.DefaultSeries}, which belong to no entity");
        }
    }
}
