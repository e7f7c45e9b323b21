using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Something that is to happen to a subscription.</summary>
public abstract record SubscriptionChange
{
    private protected SubscriptionChange()
    {
    }

    /// <summary>When it takes effect; where null, <see cref="At"/> says so, or the change's own rule.</summary>
    public ChangeWhen? When { get; init; }

    /// <summary>The instant at which it takes effect; null where <see cref="When"/> says so.</summary>
    public Instant? At { get; init; }

    /// <summary>What becomes of the period that runs then; null for the change's own rule.</summary>
    public ChangeProration? Proration { get; init; }

    /// <summary>Why, in the words of whoever asks for it.</summary>
    public string? Reason { get; init; }
}

/// <summary>Ends it; with the period that runs where nothing else is said.</summary>
public sealed record Cancel : SubscriptionChange;

/// <summary>Lets one that ended go on, or one that is to end; the time between is not charged.</summary>
public sealed record Reactivate : SubscriptionChange
{
    /// <summary>Its new end; null for none.</summary>
    public Instant? EndAt { get; init; }
}

/// <summary>Gives it another end.</summary>
/// <param name="EndAt">The end; null for none.</param>
public sealed record Renew(Instant? EndAt) : SubscriptionChange;

/// <summary>Moves it to another plan by the rules of the plan that it has, or to another version of that.</summary>
/// <param name="Plan">The plan's id or code.</param>
public sealed record ChangePlan(string Plan) : SubscriptionChange
{
    /// <summary>The number of a published version; null for the newest.</summary>
    public int? Version { get; init; }

    /// <summary>Price code or id to the quantity that is charged instead of the plan's.</summary>
    public ImmutableSortedDictionary<string, decimal> Quantities { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>What its periods are aligned to from then on; null for the same as before.</summary>
    public BillingAnchor? Anchor { get; init; }
}

/// <summary>Counts its periods in another zone: the period that runs is split, and what was billed in advance of it is given back and charged by the new one.</summary>
/// <param name="Zone">The zone.</param>
public sealed record ChangeZone(DateTimeZone Zone) : SubscriptionChange;

/// <summary>Charges other quantities.</summary>
/// <param name="Quantities">Price code or id to the quantity.</param>
public sealed record ChangeQuantities(ImmutableSortedDictionary<string, decimal> Quantities) : SubscriptionChange;

/// <summary>Charges prices by other terms than the plan's.</summary>
/// <param name="Prices">Price code or id to the terms.</param>
public sealed record ChangePrices(ImmutableSortedDictionary<string, PriceTerms> Prices) : SubscriptionChange;

/// <summary>Charges a price beside those of the plan.</summary>
/// <param name="Price">The price's id or code.</param>
/// <param name="Quantity">How many.</param>
/// <param name="OwnCycle">Whether its periods are counted from its own start rather than aligned with the subscription's.</param>
public sealed record AddAddOn(string Price, decimal Quantity = 1, bool OwnCycle = true) : SubscriptionChange;

/// <summary>Charges an add-on no more.</summary>
/// <param name="AddOn">The number of the entry that added it, or the id or code of its price.</param>
public sealed record RemoveAddOn(string AddOn) : SubscriptionChange;

/// <summary>Charges nothing for a while, usage included.</summary>
public sealed record Pause : SubscriptionChange
{
    /// <summary>When it goes on by itself; null where someone has to resume it.</summary>
    public Instant? ResumeAt { get; init; }
}

/// <summary>Charges it again after a pause.</summary>
public sealed record Resume : SubscriptionChange;

/// <summary>Stops its use; it is charged as before.</summary>
/// <param name="Cause">Why; each cause is taken back by itself.</param>
public sealed record Suspend(SuspensionCause Cause) : SubscriptionChange;

/// <summary>Takes a cause back; where no other is left it is in use again.</summary>
/// <param name="Cause">The cause.</param>
public sealed record Reinstate(SuspensionCause Cause) : SubscriptionChange;

/// <summary>Withdraws a change that has not taken effect yet.</summary>
/// <param name="Entry">The number of its entry.</param>
public sealed record Withdraw(int Entry) : SubscriptionChange;
