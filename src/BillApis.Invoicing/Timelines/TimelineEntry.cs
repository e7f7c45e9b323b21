using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Something that was recorded about a subscription; it never changes, and a later entry may withdraw it until it takes effect.</summary>
/// <param name="Number">Its place among the entries, from 0.</param>
/// <param name="Kind">What happens.</param>
/// <param name="At">When it takes effect.</param>
/// <param name="RecordedAt">When it was recorded; nothing that was billed before knows of it.</param>
public sealed record TimelineEntry(int Number, TimelineKind Kind, Instant At, Instant RecordedAt)
{
    /// <summary>What becomes of the period that runs as it takes effect.</summary>
    public ChangeProration Proration { get; init; }

    /// <summary>The plan that it goes on with.</summary>
    public PlanRef? Plan { get; init; }

    /// <summary>Whether its periods are counted anew from here.</summary>
    public bool Restarts { get; init; }

    /// <summary>What its periods are aligned to from here on; null for the same as before.</summary>
    public BillingAnchor? Anchor { get; init; }

    /// <summary>Price code to the quantity that is charged from here on.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>Price code to the terms that count from here on instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, PriceTerms> Prices { get; init; } = ImmutableSortedDictionary<string, PriceTerms>.Empty;

    /// <summary>The price that is charged beside the plan's.</summary>
    public AddOn? AddOn { get; init; }

    /// <summary>The zone in which its periods are computed from here on.</summary>
    public DateTimeZone? Zone { get; init; }

    /// <summary>Its new end, or the end of a pause; null for none.</summary>
    public Instant? Until { get; init; }

    /// <summary>Why its use is stopped.</summary>
    public SuspensionCause? Cause { get; init; }

    /// <summary>The entry that is withdrawn, or the add-on that is removed, by its number.</summary>
    public int? Entry { get; init; }

    /// <summary>Why, in the words of whoever asked for it.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the instant at which it takes effect had been billed when it was recorded, with all that was recorded before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsNews { get; init; }

    /// <summary>Whether anything is billed differently because of it.</summary>
    [JsonIgnore]
    public bool IsBilled => Kind is not (TimelineKind.Suspended or TimelineKind.Reinstated or TimelineKind.PastDue or TimelineKind.Settled or TimelineKind.Activated);
}

/// <summary>A price that one subscription is charged beside those of its plan.</summary>
/// <param name="Price">The price, as it stood when it was added.</param>
/// <param name="Quantity">How many.</param>
/// <param name="OwnCycle">Whether its periods are counted from its own start rather than aligned with the subscription's.</param>
public sealed record AddOn(Price Price, decimal Quantity, bool OwnCycle);

/// <summary>Why the use of a subscription is stopped.</summary>
public enum SuspensionCause
{
    /// <summary>Someone decided so.</summary>
    Manual,

    /// <summary>Its invoices were not paid.</summary>
    Dunning,

    /// <summary>A spend limit was reached.</summary>
    SpendLimit,
}
