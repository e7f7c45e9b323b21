namespace BillApis.Invoicing;

/// <summary>What a line charges for.</summary>
public enum LineKind
{
    /// <summary>A fixed fee.</summary>
    Flat,

    /// <summary>A number of seats or other units that the subscription names.</summary>
    Seat,

    /// <summary>Metered usage.</summary>
    Usage,

    /// <summary>The difference up to a price's minimum.</summary>
    Minimum,

    /// <summary>The difference down to a price's maximum, negative.</summary>
    Maximum,

    /// <summary>What a period that was billed already comes to more, or less, with usage that came since.</summary>
    Adjustment,

    /// <summary>What was billed in advance for time that will not be used, negative.</summary>
    UnusedTime,

    /// <summary>The difference up to a minimum commitment.</summary>
    Commitment,

    /// <summary>Nothing but what coupons take off a line of an earlier invoice more, or less, since other lines of that were adjusted that bear other taxes.</summary>
    Discount,

    /// <summary>A charge outside of any subscription.</summary>
    OneOff,
}
