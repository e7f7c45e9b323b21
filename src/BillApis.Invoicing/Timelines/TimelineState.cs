using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Where a subscription is after some of its entries.</summary>
public sealed record TimelineState
{
    /// <summary>The plan that it was changed to; null for the one that it began with.</summary>
    public PlanRef? Plan { get; init; }

    /// <summary>What periods are counted from.</summary>
    public required Instant Origin { get; init; }

    /// <summary>The zone in which periods are computed.</summary>
    public required DateTimeZone Zone { get; init; }

    /// <summary>What periods are aligned to.</summary>
    public required BillingAnchor Anchor { get; init; }

    /// <summary>Price code to the quantity that is charged instead of the plan's.</summary>
    public required ImmutableSortedDictionary<string, decimal> Quantities { get; init; }

    /// <summary>Price code to the terms that count instead of the plan's.</summary>
    public required ImmutableSortedDictionary<string, PriceTerms> Prices { get; init; }

    /// <summary>The entries of the add-ons that are charged.</summary>
    public ImmutableArray<TimelineEntry> AddOns { get; init; } = [];

    /// <summary>When it will end by itself; null for never.</summary>
    public Instant? EndAt { get; init; }

    /// <summary>When it ended; null while it goes on.</summary>
    public Instant? EndedAt { get; init; }

    /// <summary>Whether it ended because someone canceled it.</summary>
    public bool IsCanceled { get; init; }

    /// <summary>Since when nothing is charged; null where it is.</summary>
    public Instant? PausedAt { get; init; }

    /// <summary>When the pause ends by itself; null for never.</summary>
    public Instant? PausedUntil { get; init; }

    /// <summary>Why its use is stopped; empty where it is not.</summary>
    public ImmutableSortedSet<SuspensionCause> Causes { get; init; } = [];

    /// <summary>Whether an invoice of it is overdue.</summary>
    public bool IsPastDue { get; init; }

    /// <summary>Whether it waits for its first payment.</summary>
    public bool AwaitsPayment { get; init; }

    /// <summary>Whether it is charged.</summary>
    public bool IsCharged => EndedAt is null && PausedAt is null;

    /// <summary>Whether nothing is charged for a while, and what was billed in advance may pay again.</summary>
    internal bool IsPaused => EndedAt is null && PausedAt is not null;

    // The next thing that happens without an entry: the end of a fixed term, or of a pause.
    internal Instant? NextByItself => EndedAt is not null ? null : EndAt is { } end && !(PausedUntil < end) ? end : PausedUntil;

    internal TimelineState ByItself(Instant at) => at == EndAt ? this with { EndedAt = at, IsCanceled = false } : this with { PausedAt = null, PausedUntil = null };

    internal TimelineState After(TimelineEntry entry, Instant billingStart) => entry.Kind switch
    {
        TimelineKind.PlanChanged => (this with { Plan = entry.Plan, Quantities = Quantities.SetItems(entry.Quantities), Prices = entry.Prices }).Restarted(entry, billingStart),
        TimelineKind.QuantitiesChanged => this with { Quantities = Quantities.SetItems(entry.Quantities) },
        TimelineKind.PricesChanged => this with { Prices = Prices.SetItems(entry.Prices), Quantities = Quantities.SetItems(entry.Quantities) },
        TimelineKind.AddOnAdded => this with { AddOns = AddOns.Add(entry) },
        TimelineKind.AddOnRemoved => this with { AddOns = AddOns.RemoveAll(item => item.Number == entry.Entry) },
        TimelineKind.ZoneChanged => this with { Zone = entry.Zone ?? Zone },
        TimelineKind.Canceled => EndedAt is null ? this with { EndedAt = entry.At, IsCanceled = true } : this,
        TimelineKind.Reactivated => this with { EndedAt = null, IsCanceled = false, EndAt = entry.Until, PausedAt = null, PausedUntil = null },
        TimelineKind.Renewed => this with { EndAt = entry.Until },
        TimelineKind.Paused => this with { PausedAt = entry.At, PausedUntil = entry.Until },
        TimelineKind.Resumed => this with { PausedAt = null, PausedUntil = null },
        TimelineKind.Suspended => this with { Causes = Causes.Add(entry.Cause!.Value) },
        TimelineKind.Reinstated => this with { Causes = Causes.Remove(entry.Cause!.Value) },
        TimelineKind.PastDue => this with { IsPastDue = true },
        TimelineKind.Settled => this with { IsPastDue = false },
        TimelineKind.Activated => this with { AwaitsPayment = false },
        _ => this,
    };

    private TimelineState Restarted(TimelineEntry entry, Instant billingStart) => entry.Restarts
        ? this with { Origin = Instant.Max(entry.At, billingStart), Anchor = entry.Anchor ?? Anchor }
        : this;
}
