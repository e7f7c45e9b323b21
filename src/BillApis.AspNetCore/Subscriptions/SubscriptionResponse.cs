using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

internal sealed record SubscriptionResponse(
    SubscriptionId Id, CustomerId CustomerId, PlanId PlanId, int PlanVersion, SubscriptionStatus Status, Currency Currency, Instant StartAt, Instant? EndAt, Instant? TrialEndAt,
    BillingAnchor Anchor, DateTimeZone Timezone, Period? CurrentPeriod, Instant? NextBillingAt, ImmutableSortedDictionary<string, decimal> Quantities, ImmutableSortedDictionary<string, PriceTerms> PriceOverrides,
    ImmutableArray<AddOnResponse> AddOns, ImmutableArray<RedemptionResponse> Coupons, ImmutableArray<HistoryResponse> ScheduledChanges, ImmutableArray<SuspensionCause> SuspensionCauses,
    CommitmentForm? MinimumCommitment, decimal? UsageThreshold, bool ConsolidateInvoices, Instant? PausedAt, Instant? ResumeAt, Instant? CanceledAt, ImmutableSortedDictionary<string, string> Metadata, Instant CreatedAt)
{
    /// <summary>When the change that this answers takes effect; null where it answers none.</summary>
    public Instant? EffectiveAt { get; init; }

    /// <summary>The invoice that the change makes, or would make.</summary>
    public InvoiceResponse? Invoice { get; init; }

    public static SubscriptionResponse From(Subscription item, ChargeSchedule schedule, Instant now)
    {
        var (state, plan) = (item.Timeline.StateAt(now), item.PlanAt(now));
        return new(
            item.Id, item.Customer, plan.Plan, plan.Version, item.StatusAt(now), item.Currency, item.Timeline.StartAt, item.Timeline.EndsAt, item.Timeline.TrialEndAt,
            state.Anchor, state.Zone, PeriodOf(item, schedule, now), item.NextBillingAt, state.Quantities, state.Prices,
            [.. state.AddOns.Select(AddOnResponse.From)], [.. item.Coupons.Select(RedemptionResponse.From)], [.. item.Timeline.InEffect.Where(entry => entry.At > now).Select(HistoryResponse.From)], [.. state.Causes],
            CommitmentForm.From(item.Timeline.Commitment), (item.UsageThreshold ?? schedule.PlanAt(now).UsageThreshold)?.Amount, item.IsConsolidated, state.PausedAt, state.PausedUntil, item.CanceledAt, item.Metadata, item.CreatedAt);
    }

    // A trial is a period too, though nothing is charged for it.
    private static Period? PeriodOf(Subscription item, ChargeSchedule schedule, Instant now) =>
        item.StatusAt(now) is SubscriptionStatus.Trialing ? new Period(item.Timeline.StartAt, item.Timeline.BillingStartAt)
        : schedule.PeriodAt(now) is { } period ? Period.From(period)
        : null;
}

internal sealed record AddOnResponse(int Id, PriceId PriceId, string Code, decimal Quantity, AddOnCycle Cycle, Instant Since)
{
    public static AddOnResponse From(TimelineEntry entry) => new(
        entry.Number, entry.AddOn!.Price.Id, entry.AddOn.Price.Code, entry.AddOn.Quantity, entry.AddOn.OwnCycle ? AddOnCycle.Own : AddOnCycle.Aligned, entry.At);
}

/// <summary>What the periods of an add-on are counted from.</summary>
internal enum AddOnCycle
{
    Own,
    Aligned,
}

internal sealed record HistoryResponse(string Type, Instant At)
{
    public int? Number { get; init; }
    public Instant? EffectiveAt { get; init; }
    public ChangeProration? Proration { get; init; }
    public PlanId? PlanId { get; init; }
    public int? PlanVersion { get; init; }
    public ImmutableSortedDictionary<string, decimal>? Quantities { get; init; }
    public ImmutableSortedDictionary<string, PriceTerms>? PriceOverrides { get; init; }
    public AddOnResponse? AddOn { get; init; }
    public Instant? Until { get; init; }
    public SuspensionCause? Cause { get; init; }
    public DateTimeZone? Timezone { get; init; }
    public int? Entry { get; init; }
    public string? Reason { get; init; }

    public static HistoryResponse From(TimelineEntry entry) => new($"subscription.{Wire.Name<TimelineKind>(entry.Kind)}", entry.RecordedAt)
    {
        Number = entry.Number,
        EffectiveAt = entry.At,
        Proration = entry.IsBilled ? entry.Proration : null,
        PlanId = entry.Plan?.Plan,
        PlanVersion = entry.Plan?.Version,
        Quantities = entry.Quantities.IsEmpty ? null : entry.Quantities,
        PriceOverrides = entry.Prices.IsEmpty ? null : entry.Prices,
        AddOn = entry.AddOn is null ? null : AddOnResponse.From(entry),
        Until = entry.Until,
        Cause = entry.Cause,
        Timezone = entry.Zone,
        Entry = entry.Entry,
        Reason = entry.Reason,
    };
}
