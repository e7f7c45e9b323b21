using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/prices</c>.</summary>
internal sealed class PriceEndpoints() : MasterDataEndpoints<Price, PriceRequest, PriceQuery, PriceResponse>("prices", "Master data")
{
    protected override MasterData<Price> Of(Billing billing) => billing.Prices;

    protected override async Task<Price> ApplyAsync(Billing billing, TenantId tenant, Body<PriceRequest> request, Price? current, CancellationToken cancellationToken)
    {
        var (sent, terms) = (request.Value, PriceForm.TermsOf(request.Json));
        return (current ?? new Price { Code = sent.Code, Terms = terms }) with
        {
            Code = sent.Code,
            Terms = terms,
            Name = sent.Name,
            Description = sent.Description,
            Product = (await References.ProductAsync(billing, tenant, sent.ProductId, cancellationToken).ConfigureAwait(false))?.Id,
            Metric = (await References.MetricAsync(billing, tenant, sent.MetricId, cancellationToken).ConfigureAwait(false))?.Id,
            Entitlements = await EntitlementForm.ReadAsync(billing, tenant, sent.Entitlements, cancellationToken).ConfigureAwait(false),
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
    }

    protected override JsonNode Form(Price item) => PriceResponse.FieldsOf(item);

    protected override PriceResponse Response(Price item) => PriceResponse.From(item);

    protected override async Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, PriceQuery query, CancellationToken cancellationToken) =>
        query.ToStoreQuery().With("alias", query.Code).With("model", query.Model).With("currency", query.Currency?.Code)
            .With("product_id", (await References.ProductAsync(billing, tenant, query.ProductId, cancellationToken).ConfigureAwait(false))?.Id.ToString())
            .With("metric_id", (await References.MetricAsync(billing, tenant, query.MetricId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
}

internal sealed record PriceRequest : PriceForm
{
    public required string Code { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public string? ProductId { get; init; }
    public string? MetricId { get; init; }

    /// <summary>What it grants where it is an add-on of a subscription, each as often as the add-on was taken.</summary>
    public ImmutableArray<EntitlementForm>? Entitlements { get; init; }

    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record PriceQuery : CodeQuery
{
    public string? Model { get; init; }
    public Currency? Currency { get; init; }
    public string? ProductId { get; init; }
    public string? MetricId { get; init; }
}

internal sealed record PriceResponse : PriceForm
{
    public required PriceId Id { get; init; }
    public required string Code { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public ProductId? ProductId { get; init; }
    public MetricId? MetricId { get; init; }
    public ImmutableArray<EntitlementForm> Entitlements { get; init; } = [];
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
    public Instant CreatedAt { get; init; }
    public Instant? ArchivedAt { get; init; }

    public static PriceResponse From(Price price)
    {
        var fields = FieldsOf(price);
        fields["id"] = price.Id.ToString();
        return fields.Deserialize<PriceResponse>(BillingJson.Options)! with { CreatedAt = price.CreatedAt, ArchivedAt = price.ArchivedAt };
    }

    /// <summary>The price as customers see it, without the tenant's own notes.</summary>
    public static PriceResponse Shown(Price price) => From(price) with { Metadata = null };

    /// <summary>The price as a request would send it.</summary>
    public static JsonObject FieldsOf(Price price)
    {
        var fields = JsonSerializer.SerializeToNode(price.Terms, BillingJson.Options)!.AsObject();
        fields["code"] = price.Code;
        fields["name"] = price.Name;
        fields["description"] = price.Description;
        fields["product_id"] = price.Product?.ToString();
        fields["metric_id"] = price.Metric?.ToString();
        fields["entitlements"] = JsonSerializer.SerializeToNode(price.Entitlements.Select(EntitlementForm.From), BillingJson.Options);
        fields["metadata"] = JsonSerializer.SerializeToNode(price.Metadata, BillingJson.Options);
        return fields;
    }
}
