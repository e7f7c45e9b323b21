using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/metrics</c>.</summary>
internal sealed class MetricEndpoints() : MasterDataEndpoints<Metric, MetricRequest, MetricQuery, MetricResponse>("metrics", "Master data")
{
    protected override MasterData<Metric> Of(Billing billing) => billing.Metrics;

    protected override Task<Metric> ApplyAsync(Billing billing, TenantId tenant, Body<MetricRequest> request, Metric? current, CancellationToken cancellationToken)
    {
        var sent = request.Value;
        return Task.FromResult((current ?? new Metric { Code = sent.Code, Name = sent.Name, EventType = sent.EventType, Aggregation = sent.Aggregation }) with
        {
            Code = sent.Code,
            Name = sent.Name,
            EventType = sent.EventType,
            Aggregation = sent.Aggregation,
            Property = sent.Property,
            Expression = sent.Expression,
            Percentile = sent.Percentile,
            Recurring = sent.Recurring,
            OperationProperty = sent.OperationProperty,
            Weighting = sent.Weighting,
            FloorAtZero = sent.FloorAtZero,
            Filters = sent.Filters ?? [],
            Rules = sent.Rules ?? [],
            MaxAgeSeconds = sent.MaxAgeSeconds,
            MaxAheadSeconds = sent.MaxAheadSeconds,
            Exclude = sent.Exclude ?? [],
            GroupBy = sent.GroupBy ?? [],
            Unit = sent.Unit,
            Rounding = sent.Rounding,
            AllowNegative = sent.AllowNegative,
            Metadata = sent.Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
        });
    }

    protected override JsonNode Form(Metric item) => Json(new MetricRequest
    {
        Code = item.Code,
        Name = item.Name,
        EventType = item.EventType,
        Aggregation = item.Aggregation,
        Property = item.Property,
        Expression = item.Expression,
        Percentile = item.Percentile,
        Recurring = item.Recurring,
        OperationProperty = item.OperationProperty,
        Weighting = item.Weighting,
        FloorAtZero = item.FloorAtZero,
        Filters = item.Filters,
        Rules = item.Rules,
        MaxAgeSeconds = item.MaxAgeSeconds,
        MaxAheadSeconds = item.MaxAheadSeconds,
        Exclude = item.Exclude,
        GroupBy = item.GroupBy,
        Unit = item.Unit,
        Rounding = item.Rounding,
        AllowNegative = item.AllowNegative,
        Metadata = item.Metadata,
    });

    protected override MetricResponse Response(Metric item) => new(
        item.Id, item.Code, item.Name, item.EventType, item.Aggregation, item.Property, item.Expression, item.Percentile, item.Recurring, item.OperationProperty,
        item.Weighting, item.FloorAtZero, item.Filters, item.Exclude, item.Rules, item.MaxAgeSeconds, item.MaxAheadSeconds, item.GroupBy, item.Unit, item.Rounding, item.AllowNegative, item.Metadata, item.CreatedAt, item.ArchivedAt);

    protected override Task<StoreQuery> FilterAsync(Billing billing, TenantId tenant, MetricQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(query.ToStoreQuery().With("alias", query.Code).With("event_type", query.EventType));
}

internal sealed record MetricRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public required string EventType { get; init; }
    public required Aggregation Aggregation { get; init; }
    public string? Property { get; init; }
    public string? Expression { get; init; }
    public decimal? Percentile { get; init; }
    public bool Recurring { get; init; }
    public string? OperationProperty { get; init; }
    public TimeWeighting? Weighting { get; init; }
    public bool FloorAtZero { get; init; }
    public ImmutableArray<MetricFilter>? Filters { get; init; }
    public ImmutableArray<PropertyRule>? Rules { get; init; }
    public long? MaxAgeSeconds { get; init; }
    public long? MaxAheadSeconds { get; init; }
    public ImmutableArray<ImmutableArray<MetricFilter>>? Exclude { get; init; }
    public ImmutableArray<string>? GroupBy { get; init; }
    public string? Unit { get; init; }
    public QuantityRounding? Rounding { get; init; }
    public bool AllowNegative { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record MetricQuery : CodeQuery
{
    public string? EventType { get; init; }
}

internal sealed record MetricResponse(
    MetricId Id, string Code, string Name, string EventType, Aggregation Aggregation, string? Property, string? Expression, decimal? Percentile, bool Recurring, string? OperationProperty,
    TimeWeighting? Weighting, bool FloorAtZero, ImmutableArray<MetricFilter> Filters, ImmutableArray<ImmutableArray<MetricFilter>> Exclude,
    ImmutableArray<PropertyRule> Rules, long? MaxAgeSeconds, long? MaxAheadSeconds, ImmutableArray<string> GroupBy,
    string? Unit, QuantityRounding? Rounding, bool AllowNegative, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt);
