using System.Text.Json.Nodes;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/tax-rates</c>.</summary>
internal sealed class TaxRateEndpoints() : MasterDataEndpoints<TaxRate, TaxRateRequest, TaxRateQuery, TaxRateResponse>("tax-rates", "Master data")
{
    protected override MasterData<TaxRate> Of(Billing billing) => billing.TaxRates;

    protected override Task<TaxRate> ApplyAsync(Billing billing, TenantId tenant, Body<TaxRateRequest> request, TaxRate? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return Task.FromResult((current ?? new TaxRate { Country = sent.Country, Percentage = sent.Percentage }) with
        {
            Name = sent.Name,
            Country = sent.Country,
            Region = sent.Region,
            TaxCategory = sent.TaxCategory,
            Percentage = sent.Percentage,
            Inclusive = sent.Inclusive,
            ReverseCharge = sent.ReverseCharge,
            ValidFrom = sent.ValidFrom,
            ValidTo = sent.ValidTo,
        });
    }

    protected override JsonNode Form(TaxRate item) => Json(new TaxRateRequest
    {
        Name = item.Name,
        Country = item.Country,
        Region = item.Region,
        TaxCategory = item.TaxCategory,
        Percentage = item.Percentage,
        Inclusive = item.Inclusive,
        ReverseCharge = item.ReverseCharge,
        ValidFrom = item.ValidFrom,
        ValidTo = item.ValidTo,
    });

    protected override TaxRateResponse Response(TaxRate item) => new(
        item.Id, item.Name, item.Country, item.Region, item.TaxCategory, item.Percentage, item.Inclusive, item.ReverseCharge, item.ValidFrom, item.ValidTo, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, TaxRateQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("country", query.Country).With("region", query.Region).With("tax_category", query.TaxCategory));
}

internal sealed record TaxRateRequest
{
    public string Name { get; init; } = "Tax";
    public required string Country { get; init; }
    public string? Region { get; init; }
    public string? TaxCategory { get; init; }
    public required decimal Percentage { get; init; }
    public bool Inclusive { get; init; }
    public bool ReverseCharge { get; init; } = true;
    public Instant? ValidFrom { get; init; }
    public Instant? ValidTo { get; init; }
}

internal sealed record TaxRateQuery : MasterDataQuery
{
    public string? Country { get; init; }
    public string? Region { get; init; }
    public string? TaxCategory { get; init; }
}

internal sealed record TaxRateResponse(
    TaxRateId Id, string Name, string Country, string? Region, string? TaxCategory, decimal Percentage, bool Inclusive, bool ReverseCharge, Instant? ValidFrom, Instant? ValidTo,
    Instant CreatedAt, Instant? ArchivedAt);
