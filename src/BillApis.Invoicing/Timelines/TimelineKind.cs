namespace BillApis.Invoicing;

/// <summary>What can be recorded about a subscription.</summary>
public enum TimelineKind
{
    /// <summary>It goes on with another plan, or another version of its plan.</summary>
    PlanChanged,

    /// <summary>Other quantities are charged.</summary>
    QuantitiesChanged,

    /// <summary>Prices have other terms than in the plan.</summary>
    PricesChanged,

    /// <summary>A price is charged beside those of the plan.</summary>
    AddOnAdded,

    /// <summary>Such a price is not charged any more.</summary>
    AddOnRemoved,

    /// <summary>It ends because someone asked for it.</summary>
    Canceled,

    /// <summary>It goes on after its end.</summary>
    Reactivated,

    /// <summary>Its end is another one.</summary>
    Renewed,

    /// <summary>Nothing is charged from here on.</summary>
    Paused,

    /// <summary>It is charged again.</summary>
    Resumed,

    /// <summary>Its use is stopped, for a cause; it is charged as before.</summary>
    Suspended,

    /// <summary>That cause is gone.</summary>
    Reinstated,

    /// <summary>One of its invoices is overdue.</summary>
    PastDue,

    /// <summary>None of them is any more.</summary>
    Settled,

    /// <summary>Its first invoice, which it waited for, is paid.</summary>
    Activated,

    /// <summary>An entry that had not taken effect yet does not count.</summary>
    Withdrawn,

    /// <summary>Its periods are counted in another zone; the one that runs is split.</summary>
    ZoneChanged,
}
