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
    public CommitmentForm? MinimumCommitment { get; init; }
    public decimal? UsageThreshold { get; init; }
    public ImmutableArray<TransitionRequest>? Transitions { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }
}

internal sealed record PlanItemRequest
{
    public string? PriceId { get; init; }
    public InlinePrice? Price { get; init; }
    public decimal Quantity { get; init; } = 1;
}

/// <summary>A plan that subscriptions may be changed to, and how.</summary>
internal sealed record TransitionRequest
{
    public required string ToPlanId { get; init; }
    public ChangeWhen When { get; init; }
    public ChangeProration Proration { get; init; }

    public static async Task<ImmutableArray<PlanTransition>> ReadAsync(Billing billing, TenantId tenant, ImmutableArray<TransitionRequest>? sent, CancellationToken cancellationToken)
    {
        var plans = await References.AllAsync(sent?.Select(rule => rule.ToPlanId).ToImmutableArray(), async plan => (await billing.Plans.GetAsync(tenant, plan, cancellationToken).ConfigureAwait(false)).Id).ConfigureAwait(false);
        return [.. (sent ?? []).Zip(plans, (rule, to) => new PlanTransition(to, rule.When, rule.Proration))];
    }
}

internal sealed record TransitionResponse(PlanId ToPlanId, ChangeWhen When, ChangeProration Proration)
{
    public static TransitionResponse From(PlanTransition item) => new(item.To, item.When, item.Proration);
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
    PlanId Id, string Code, string Name, string? Description, Currency Currency, PlanStatus Status, int Version, int? PublishedVersion, int TrialDays, CommitmentForm? MinimumCommitment, decimal? UsageThreshold,
    ImmutableArray<PlanItemResponse> Items, ImmutableArray<EntitlementForm> Entitlements, ImmutableArray<TransitionResponse> Transitions, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt, Instant? ArchivedAt)
{
    public static PlanResponse From(Plan plan) => new(
        plan.Id, plan.Code, plan.Name, plan.Description, plan.Currency, PlanVersionResponse.StatusOf(plan.Latest), plan.Latest.Number, plan.Published?.Number, plan.Latest.TrialDays,
        CommitmentForm.From(plan.Latest.Commitment), plan.Latest.UsageThreshold?.Amount, [.. plan.Latest.Items.Select(PlanItemResponse.From)], [.. plan.Latest.Entitlements.Select(EntitlementForm.From)],
        [.. plan.Transitions.Select(TransitionResponse.From)], plan.Metadata, plan.CreatedAt, plan.ArchivedAt);
}

internal sealed record PlanVersionResponse(
    int Version, PlanStatus Status, int TrialDays, CommitmentForm? MinimumCommitment, decimal? UsageThreshold, ImmutableArray<PlanItemResponse> Items, ImmutableArray<EntitlementForm> Entitlements, Instant? PublishedAt)
{
    public static PlanVersionResponse From(PlanVersion version) => new(
        version.Number, StatusOf(version), version.TrialDays, CommitmentForm.From(version.Commitment), version.UsageThreshold?.Amount, [.. version.Items.Select(PlanItemResponse.From)],
        [.. version.Entitlements.Select(EntitlementForm.From)], version.PublishedAt);

    public static PlanStatus StatusOf(PlanVersion version) => version.PublishedAt is null ? PlanStatus.Draft : PlanStatus.Published;
}

internal sealed record PlanItemResponse(PriceId PriceId, decimal Quantity, PriceResponse Price)
{
    public static PlanItemResponse From(PlanItem item) => new(item.Price.Id, item.Quantity, PriceResponse.From(item.Price));
}
