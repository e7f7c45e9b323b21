using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.AspNetCore;

/// <summary>What every change says: when it takes effect, what becomes of the period that runs then, and whether it is only asked for.</summary>
internal record ChangeRequest
{
    /// <summary><c>immediate</c>, <c>period_end</c> or an instant.</summary>
    public string? When { get; init; }
    public ChangeProration? Proration { get; init; }
    public bool Preview { get; init; }
    public string? Reason { get; init; }

    /// <summary>The change with what is said here.</summary>
    public SubscriptionChange With(SubscriptionChange change) => change with { When = Word, At = Moment, Proration = Proration, Reason = Reason };

    private ChangeWhen? Word => When switch { "immediate" => ChangeWhen.Immediate, "period_end" => ChangeWhen.PeriodEnd, _ => null };

    private Instant? Moment => When is null || Word is not null ? null
        : OffsetDateTimePattern.Rfc3339.Parse(When) is { Success: true, Value: var moment } ? Instant.FromUnixTimeTicks(moment.ToInstant().ToUnixTimeTicks() / 10 * 10)
        : throw BillingException.Field("when", "must be immediate, period_end or an instant like 2026-02-01T00:00:00Z");
}

internal sealed record ChangePlanRequest : ChangeRequest
{
    public required string PlanId { get; init; }
    public int? PlanVersion { get; init; }
    public ImmutableSortedDictionary<string, decimal>? Quantities { get; init; }
    public BillingAnchor? Anchor { get; init; }

    public SubscriptionChange ToChange() => With(new ChangePlan(PlanId) { Version = PlanVersion, Quantities = Quantities ?? ImmutableSortedDictionary<string, decimal>.Empty, Anchor = Anchor });
}

internal sealed record TimezoneRequest : ChangeRequest
{
    public required DateTimeZone Timezone { get; init; }
}

internal sealed record QuantitiesRequest : ChangeRequest
{
    public required ImmutableSortedDictionary<string, decimal> Quantities { get; init; }
}

internal sealed record PriceOverridesRequest : ChangeRequest
{
    public required ImmutableSortedDictionary<string, PriceForm> PriceOverrides { get; init; }
}

internal sealed record AddOnRequest : ChangeRequest
{
    public required string PriceId { get; init; }
    public decimal Quantity { get; init; } = 1;
    public AddOnCycle Cycle { get; init; }
}

internal sealed record PauseRequest : ChangeRequest
{
    public Instant? ResumeAt { get; init; }
}

internal sealed record EndRequest : ChangeRequest
{
    public Instant? EndAt { get; init; }
}

internal sealed record SuspendRequest
{
    public SuspensionCause Cause { get; init; }
    public string? Reason { get; init; }
}
