using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What a new subscription is made of.</summary>
/// <param name="Customer">The customer's id or external id.</param>
/// <param name="Plan">The plan's id or code; its newest published version is taken.</param>
public sealed record NewSubscription(string Customer, string Plan)
{
    /// <summary>When it starts; now where null. It may lie in the past or the future.</summary>
    public Instant? StartAt { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public Instant? EndAt { get; init; }

    /// <summary>What its periods are aligned to: its own start where null.</summary>
    public BillingAnchor? Anchor { get; init; }

    /// <summary>Days from the start without charges; the plan's own number where null.</summary>
    public int? TrialDays { get; init; }

    /// <summary>Until when nothing is charged; null where days say so.</summary>
    public Instant? TrialEndAt { get; init; }

    /// <summary>Whether it is pending until its first invoice is paid.</summary>
    public bool AwaitsPayment { get; init; }

    /// <summary>Price code or id to the terms that count instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, PriceTerms> Prices { get; init; } = ImmutableSortedDictionary<string, PriceTerms>.Empty;

    /// <summary>What changes at which dates, as agreed from the start: phases and ramps.</summary>
    public ImmutableArray<NewPhase> Phases { get; init; } = [];

    /// <summary>The coupons that it redeems, by id or code.</summary>
    public ImmutableArray<string> Coupons { get; init; } = [];

    /// <summary>Refused where it is not the plan's and the customer's.</summary>
    public Currency? Currency { get; init; }

    /// <summary>Price code or id to the quantity that is charged instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>The least that each interval comes to, by contract; the plan's own where null.</summary>
    public MinimumCommitment? Commitment { get; init; }

    /// <summary>The amount of unbilled usage that is invoiced before its period ends; the plan's own where null.</summary>
    public Money? UsageThreshold { get; init; }

    /// <summary>Whether it is billed together with others of its customer where they have a boundary in common; what the customer says where null.</summary>
    public bool? ConsolidateInvoices { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <exception cref="ArgumentException">A collection is missing, or has a missing item.</exception>
    internal void Check()
    {
        Given.Terms(Prices, nameof(Prices));
        ArgumentNullException.ThrowIfNull(Quantities);
        ArgumentNullException.ThrowIfNull(Metadata);
        Given.All(Phases, nameof(Phases));
        Given.All(Coupons, nameof(Coupons));
        foreach (var phase in Phases)
        {
            Given.Terms(phase.Prices, nameof(Phases));
            ArgumentNullException.ThrowIfNull(phase.Quantities, nameof(Phases));
            Given.Known(phase.Proration, nameof(Phases));
        }
    }
}

/// <summary>Other terms from a date on, as agreed as a subscription is made.</summary>
/// <param name="StartAt">The date.</param>
public sealed record NewPhase(Instant StartAt)
{
    /// <summary>The plan's id or code; null for the same as before.</summary>
    public string? Plan { get; init; }

    /// <summary>Price code or id to the quantity from then on.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>Price code or id to the terms from then on.</summary>
    public ImmutableSortedDictionary<string, PriceTerms> Prices { get; init; } = ImmutableSortedDictionary<string, PriceTerms>.Empty;

    /// <summary>What becomes of a period that runs then.</summary>
    public ChangeProration Proration { get; init; }
}
