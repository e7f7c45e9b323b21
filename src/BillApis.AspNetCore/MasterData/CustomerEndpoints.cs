using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/customers</c>.</summary>
internal sealed class CustomerEndpoints() : MasterDataEndpoints<Customer, CustomerRequest, CustomerQuery, CustomerResponse>("customers", "Master data")
{
    protected override MasterData<Customer> Of(Billing billing) => billing.Customers;

    protected override async Task<Customer> ApplyAsync(Billing billing, TenantId tenant, Body<CustomerRequest> request, Customer? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return (current ?? new Customer { Name = sent.Name, Currency = sent.Currency }) with
        {
            Name = sent.Name,
            Currency = sent.Currency,
            ExternalId = sent.ExternalId,
            Aliases = sent.Aliases ?? [],
            Email = sent.Email,
            Zone = sent.Timezone ?? DateTimeZone.Utc,
            Country = sent.Country,
            Address = sent.Address,
            TaxId = sent.TaxId,
            TaxExempt = sent.TaxExempt,
            PaymentTermsDays = sent.PaymentTermsDays,
            LegalEntity = (await References.LegalEntityAsync(billing, tenant, sent.LegalEntityId, cancellationToken).ConfigureAwait(false))?.Id,
            PurchaseOrder = sent.PurchaseOrder,
            ConsolidateInvoices = sent.ConsolidateInvoices,
            Locale = sent.Locale,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
    }

    protected override JsonNode Form(Customer item) => Json(new CustomerRequest
    {
        Name = item.Name,
        Currency = item.Currency,
        ExternalId = item.ExternalId,
        Aliases = item.Aliases,
        Email = item.Email,
        Timezone = item.Zone,
        Country = item.Country,
        Address = item.Address,
        TaxId = item.TaxId,
        TaxExempt = item.TaxExempt,
        PaymentTermsDays = item.PaymentTermsDays,
        LegalEntityId = item.LegalEntity?.ToString(),
        PurchaseOrder = item.PurchaseOrder,
        ConsolidateInvoices = item.ConsolidateInvoices,
        Locale = item.Locale,
        Metadata = item.Metadata,
    });

    protected override CustomerResponse Response(Customer item) => new(
        item.Id, item.ExternalId, item.Aliases, item.Name, item.Email, item.Currency, item.Zone, item.Country, item.Address, item.TaxId, item.TaxExempt,
        item.PaymentTermsDays, item.LegalEntity, item.PurchaseOrder, item.ConsolidateInvoices, item.Locale, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, CustomerQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("email", query.Email).With("alias", query.ExternalId));
}

internal sealed record CustomerRequest
{
    public required string Name { get; init; }
    public required Currency Currency { get; init; }
    public string? ExternalId { get; init; }
    public ImmutableArray<string>? Aliases { get; init; }
    public string? Email { get; init; }
    public DateTimeZone? Timezone { get; init; }
    public string? Country { get; init; }
    public Address? Address { get; init; }
    public string? TaxId { get; init; }
    public bool TaxExempt { get; init; }
    public int? PaymentTermsDays { get; init; }
    public string? LegalEntityId { get; init; }
    public string? PurchaseOrder { get; init; }
    public bool ConsolidateInvoices { get; init; }
    public string? Locale { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record CustomerQuery : MasterDataQuery
{
    public string? Email { get; init; }
    public string? ExternalId { get; init; }
}

internal sealed record CustomerResponse(
    CustomerId Id, string? ExternalId, ImmutableArray<string> Aliases, string Name, string? Email, Currency Currency, DateTimeZone Timezone, string? Country, Address? Address, string? TaxId,
    bool TaxExempt, int? PaymentTermsDays, LegalEntityId? LegalEntityId, string? PurchaseOrder, bool ConsolidateInvoices, string? Locale, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt);
