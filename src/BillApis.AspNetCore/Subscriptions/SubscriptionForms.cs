using System.Collections.Immutable;
using System.Text.Json;
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
    public Instant? TrialEndAt { get; init; }
    public ActivationRule Activation { get; init; }
    public Currency? Currency { get; init; }
    public CommitmentForm? MinimumCommitment { get; init; }
    public decimal? UsageThreshold { get; init; }
    public bool? ConsolidateInvoices { get; init; }
    public ImmutableSortedDictionary<string, decimal>? Quantities { get; init; }
    public ImmutableArray<string>? CouponIds { get; init; }
    public ImmutableSortedDictionary<string, PriceForm>? PriceOverrides { get; init; }
    public ImmutableArray<PhaseRequest>? Phases { get; init; }
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }

    public static NewSubscription Of(Body<SubscriptionRequest> body) => body.Value.ToNew() with
    {
        Prices = PriceOverrideForm.Of(body.Json),
        Phases = [.. (body.Value.Phases ?? []).Select((phase, index) => phase.ToNew(body.Json.GetProperty("phases")[index]))],
    };

    private NewSubscription ToNew() => new(CustomerId, PlanId)
    {
        TrialEndAt = TrialEndAt,
        AwaitsPayment = Activation is ActivationRule.FirstPayment,
        StartAt = StartAt,
        EndAt = EndAt,
        Anchor = Anchor,
        TrialDays = TrialDays,
        Currency = Currency,
        ConsolidateInvoices = ConsolidateInvoices,
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

/// <summary>What makes a subscription active.</summary>
internal enum ActivationRule
{
    Immediate,
    FirstPayment,
}

/// <summary>Other terms from a date on.</summary>
internal sealed record PhaseRequest
{
    public required Instant StartAt { get; init; }
    public string? PlanId { get; init; }
    public ImmutableSortedDictionary<string, decimal>? Quantities { get; init; }
    public ImmutableSortedDictionary<string, PriceForm>? PriceOverrides { get; init; }
    public ChangeProration Proration { get; init; }

    public NewPhase ToNew(JsonElement json) => new(StartAt)
    {
        Plan = PlanId,
        Quantities = Quantities ?? ImmutableSortedDictionary<string, decimal>.Empty,
        Prices = PriceOverrideForm.Of(json),
        Proration = Proration,
    };
}

/// <summary>Terms of single prices, by code or id, in the form that prices have.</summary>
internal static class PriceOverrideForm
{
    public static ImmutableSortedDictionary<string, PriceTerms> Of(JsonElement json) => json.TryGetProperty("price_overrides", out var sent) && sent.ValueKind is JsonValueKind.Object
        ? sent.EnumerateObject().ToImmutableSortedDictionary(item => item.Name, item => PriceForm.TermsOf(item.Value, $"price_overrides.{item.Name}"), StringComparer.Ordinal)
        : ImmutableSortedDictionary<string, PriceTerms>.Empty;
}
