using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/features</c>.</summary>
internal sealed class FeatureEndpoints() : MasterDataEndpoints<Feature, FeatureRequest, CodeQuery, FeatureResponse>("features", "Master data")
{
    protected override MasterData<Feature> Of(Billing billing) => billing.Features;

    protected override async Task<Feature> ApplyAsync(Billing billing, TenantId tenant, Body<FeatureRequest> request, Feature? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return (current ?? new Feature { Code = sent.Code, Name = sent.Name }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            Description = sent.Description,
            Metric = (await References.MetricAsync(billing, tenant, sent.MetricId, cancellationToken).ConfigureAwait(false))?.Id,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        };
    }

    protected override JsonNode Form(Feature item) => Json(new FeatureRequest
    {
        Code = item.Code,
        Name = item.Name,
        Description = item.Description,
        MetricId = item.Metric?.ToString(),
        Metadata = item.Metadata,
    });

    protected override FeatureResponse Response(Feature item) => new(item.Id, item.Code, item.Name, item.Description, item.Metric, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, CodeQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code));
}

internal sealed record FeatureRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public string? MetricId { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record FeatureResponse(
    FeatureId Id, string Code, string Name, string? Description, MetricId? MetricId, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt);
