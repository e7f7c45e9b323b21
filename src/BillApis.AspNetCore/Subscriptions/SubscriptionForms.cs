using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record SubscriptionRequest
{
    public required string CustomerId { get; init; }
    public required string PlanId { get; init; }
    public Instant? StartAt { get; init; }
    public Instant? EndAt { get; init; }
    public BillingAnchor? Anchor { get; init; }
    public int? TrialDays { get; init; }
    public Currency? Currency { get; init; }
    public ImmutableSortedDictionary<string, decimal>? Quantities { get; init; }
    public ImmutableArray<string>? CouponIds { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }

    public NewSubscription ToNew() => new(CustomerId, PlanId)
    {
        StartAt = StartAt,
        EndAt = EndAt,
        Anchor = Anchor,
        TrialDays = TrialDays,
        Currency = Currency,
        Coupons = CouponIds ?? [],
        Quantities = Quantities ?? ImmutableSortedDictionary<string, decimal>.Empty,
        Metadata = Metadata ?? ImmutableSortedDictionary<string, string>.Empty,
    };
}

internal sealed record SubscriptionQuery : Paging
{
    public string? CustomerId { get; init; }
    public string? PlanId { get; init; }
    public SubscriptionStatus? Status { get; init; }
}

internal sealed record CancelRequest
{
    public CancelWhen When { get; init; }
}

/// <summary>When a cancellation takes effect.</summary>
internal enum CancelWhen
{
    PeriodEnd,
}

internal sealed record HistoryResponse(string Type, Instant At);

internal sealed record SubscriptionResponse(
    SubscriptionId Id, CustomerId CustomerId, PlanId PlanId, int PlanVersion, SubscriptionStatus Status, Currency Currency, Instant StartAt, Instant? EndAt, Instant? TrialEndAt,
    BillingAnchor Anchor, DateTimeZone Timezone, Period? CurrentPeriod, Instant? NextBillingAt, ImmutableSortedDictionary<string, decimal> Quantities, ImmutableArray<RedemptionResponse> Coupons, Instant? CanceledAt,
    ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt)
{
    public static SubscriptionResponse From(Subscription item, PlanVersion plan, Instant now) => new(
        item.Id, item.Customer, item.Plan, item.PlanVersion, item.StatusAt(now), item.Currency, item.Timeline.StartAt, item.Timeline.EndAt, item.Timeline.TrialEndAt,
        item.Timeline.Anchor, item.Timeline.Zone, PeriodOf(item, plan, now), item.NextBillingAt, item.Timeline.Quantities,
        [.. item.Coupons.Select(RedemptionResponse.From)], item.CanceledAt, item.Metadata, item.CreatedAt);

    // A trial is a period too, though nothing is charged for it.
    private static Period? PeriodOf(Subscription item, PlanVersion plan, Instant now) =>
        item.StatusAt(now) is SubscriptionStatus.Trialing ? new Period(item.Timeline.StartAt, item.Timeline.BillingStartAt)
        : item.Timeline.PeriodAt(plan, now) is { } period ? Period.From(period)
        : null;
}
