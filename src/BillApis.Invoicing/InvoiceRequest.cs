using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>All that an invoice follows from.</summary>
public sealed record InvoiceRequest
{
    /// <summary>Whose invoice it is.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Who is billed.</summary>
    public required CustomerId Customer { get; init; }

    /// <summary>What is billed; null for a simulation.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>The currency of every price.</summary>
    public required Currency Currency { get; init; }

    /// <summary>What it is for: a boundary, or nothing but corrections.</summary>
    public InvoiceKind Kind { get; init; } = InvoiceKind.Subscription;

    /// <summary>When it falls due: the boundary of a subscription.</summary>
    public required Instant Boundary { get; init; }

    /// <summary>The number of that boundary, 0 for the start.</summary>
    public int Sequence { get; init; }

    /// <summary>What falls due, in the order of the lines, each with its usage; the usage of a price without a metric is not looked at.</summary>
    public required ImmutableArray<ChargedUsage> Charges { get; init; }

    /// <summary>Whether lines that all come to zero are left out.</summary>
    public bool SkipZero { get; init; }

    /// <summary>What is given back of what was billed in advance.</summary>
    public ImmutableArray<UnusedTime> Unused { get; init; } = [];

    /// <summary>The coupons that count, in any order.</summary>
    public ImmutableArray<Redemption> Coupons { get; init; } = [];

    /// <summary>The start of the period that they count it for; null where nothing can come late to it.</summary>
    public Instant? CountsFor { get; init; }

    /// <summary>Whether that period goes on, so that other invoices of it follow.</summary>
    public bool IsWithin { get; init; }

    /// <summary>Billed charges whose usage changed, to be adjusted after everything else.</summary>
    public ImmutableArray<Recharge> Recharges { get; init; } = [];

    /// <summary>The intervals of commitments that are settled with it.</summary>
    public ImmutableArray<CommittedPeriod> Commitments { get; init; } = [];

    /// <summary>The bills that charged what was missing to those of them that were settled before.</summary>
    public ImmutableArray<BilledOrigin> Committed { get; init; } = [];

    /// <summary>Whether it follows from earlier bills, so that it must not cross another correction of them.</summary>
    public bool IsBound { get; init; }

    /// <summary>The place that those would take among the corrections of the subscription.</summary>
    public int Correction { get; init; }
}

/// <summary>A charge and what was metered for it.</summary>
/// <param name="Charge">What falls due.</param>
/// <param name="Usage">What was used; not looked at where the price has no metric.</param>
public sealed record ChargedUsage(Charge Charge, RatingInput Usage);
