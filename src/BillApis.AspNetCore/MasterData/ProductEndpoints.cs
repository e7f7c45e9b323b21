using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/products</c>.</summary>
internal sealed class ProductEndpoints() : MasterDataEndpoints<Product, ProductRequest, CodeQuery, ProductResponse>("products", "Master data")
{
    protected override MasterData<Product> Of(Billing billing) => billing.Products;

    protected override Task<Product> ApplyAsync(Billing billing, TenantId tenant, Body<ProductRequest> request, Product? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return Task.FromResult((current ?? new Product { Code = sent.Code, Name = sent.Name }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            Description = sent.Description,
            DocsUrl = sent.DocsUrl,
            TaxCategory = sent.TaxCategory,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        });
    }

    protected override JsonNode Form(Product item) => Json(new ProductRequest
    {
        Code = item.Code,
        Name = item.Name,
        Description = item.Description,
        DocsUrl = item.DocsUrl,
        TaxCategory = item.TaxCategory,
        Metadata = item.Metadata,
    });

    protected override ProductResponse Response(Product item) => new(item.Id, item.Code, item.Name, item.Description, item.DocsUrl, item.TaxCategory, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, CodeQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code));
}

internal sealed record ProductRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }

    /// <summary>Where people read how it is used; shown in the developer portal.</summary>
    public string? DocsUrl { get; init; }
    public string? TaxCategory { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal record CodeQuery : MasterDataQuery
{
    public string? Code { get; init; }
}

internal sealed record ProductResponse(
    ProductId Id, string Code, string Name, string? Description, string? DocsUrl, string? TaxCategory, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt);
