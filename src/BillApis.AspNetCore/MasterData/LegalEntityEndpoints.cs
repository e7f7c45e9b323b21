using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/legal-entities</c>: the companies that sell, each with series of its own.</summary>
internal sealed class LegalEntityEndpoints() : MasterDataEndpoints<LegalEntity, LegalEntityRequest, CodeQuery, LegalEntityResponse>("legal-entities", "Master data")
{
    protected override MasterData<LegalEntity> Of(Billing billing) => billing.LegalEntities;

    protected override Task<LegalEntity> ApplyAsync(Billing billing, TenantId tenant, Body<LegalEntityRequest> request, LegalEntity? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return Task.FromResult((current ?? new LegalEntity { Code = sent.Code, Name = sent.Name, InvoiceSeries = sent.InvoiceSeries, CreditMemoSeries = sent.CreditMemoSeries }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            Country = sent.Country,
            Address = sent.Address,
            TaxId = sent.TaxId,
            Email = sent.Email,
            InvoiceSeries = sent.InvoiceSeries,
            CreditMemoSeries = sent.CreditMemoSeries,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        });
    }

    protected override JsonNode Form(LegalEntity item) => Json(new LegalEntityRequest
    {
        Code = item.Code,
        Name = item.Name,
        Country = item.Country,
        Address = item.Address,
        TaxId = item.TaxId,
        Email = item.Email,
        InvoiceSeries = item.InvoiceSeries,
        CreditMemoSeries = item.CreditMemoSeries,
        Metadata = item.Metadata,
    });

    protected override LegalEntityResponse Response(LegalEntity item) => new(
        item.Id, item.Code, item.Name, item.Country, item.Address, item.TaxId, item.Email, item.InvoiceSeries, item.CreditMemoSeries, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, CodeQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code));
}

internal sealed record LegalEntityRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public string? Country { get; init; }
    public Address? Address { get; init; }
    public string? TaxId { get; init; }
    public string? Email { get; init; }
    public required string InvoiceSeries { get; init; }
    public required string CreditMemoSeries { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record LegalEntityResponse(
    LegalEntityId Id, string Code, string Name, string? Country, Address? Address, string? TaxId, string? Email, string InvoiceSeries, string CreditMemoSeries,
    ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt);
