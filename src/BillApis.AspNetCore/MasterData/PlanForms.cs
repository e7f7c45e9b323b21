using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record PlanRequest
{
    public required string Code { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public Currency? Currency { get; init; }
    public required ImmutableArray<PlanItemRequest> Items { get; init; }
    public int TrialDays { get; init; }
    public ImmutableArray<EntitlementForm>? Entitlements { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record PlanItemRequest
{
    public string? PriceId { get; init; }
    public InlinePrice? Price { get; init; }
    public decimal Quantity { get; init; } = 1;
}

/// <summary>A price that is made together with its plan.</summary>
internal sealed record InlinePrice : PriceForm
{
    public string? Code { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public string? ProductId { get; init; }
    public string? MetricId { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record PlanQuery : CodeQuery
{
    public PlanStatus? Status { get; init; }
}

/// <summary>Whether the latest version of a plan is published.</summary>
internal enum PlanStatus
{
    Draft,
    Published,
}

internal sealed record PlanResponse(
    PlanId Id, string Code, string Name, string? Description, Currency Currency, PlanStatus Status, int Version, int? PublishedVersion, int TrialDays,
    ImmutableArray<PlanItemResponse> Items, ImmutableArray<EntitlementForm> Entitlements, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt)
{
    public static PlanResponse From(Plan plan) => new(
        plan.Id, plan.Code, plan.Name, plan.Description, plan.Currency, PlanVersionResponse.StatusOf(plan.Latest), plan.Latest.Number, plan.Published?.Number, plan.Latest.TrialDays,
        [.. plan.Latest.Items.Select(PlanItemResponse.From)], [.. plan.Latest.Entitlements.Select(EntitlementForm.From)], plan.Metadata, plan.CreatedAt, plan.ArchivedAt);
}

internal sealed record PlanVersionResponse(int Version, PlanStatus Status, int TrialDays, ImmutableArray<PlanItemResponse> Items, ImmutableArray<EntitlementForm> Entitlements, Instant? PublishedAt)
{
    public static PlanVersionResponse From(PlanVersion version) =>
        new(version.Number, StatusOf(version), version.TrialDays, [.. version.Items.Select(PlanItemResponse.From)], [.. version.Entitlements.Select(EntitlementForm.From)], version.PublishedAt);

    public static PlanStatus StatusOf(PlanVersion version) => version.PublishedAt is null ? PlanStatus.Draft : PlanStatus.Published;
}

internal sealed record PlanItemResponse(PriceId PriceId, decimal Quantity, PriceResponse Price)
{
    public static PlanItemResponse From(PlanItem item) => new(item.Price.Id, item.Quantity, PriceResponse.From(item.Price));
}
