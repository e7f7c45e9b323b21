namespace BillApis;

/// <summary>Where a subscription is in its life.</summary>
public enum SubscriptionStatus
{
    /// <summary>It starts later, or waits for its first payment.</summary>
    Pending,

    /// <summary>It runs, and nothing is charged yet.</summary>
    Trialing,

    /// <summary>It runs.</summary>
    Active,

    /// <summary>It runs, and an invoice of it is overdue.</summary>
    PastDue,

    /// <summary>Nothing is charged for a while.</summary>
    Paused,

    /// <summary>Its use is stopped for a cause; it is charged as before.</summary>
    Suspended,

    /// <summary>It ended because someone canceled it.</summary>
    Canceled,

    /// <summary>It ended at the end that it had from the start.</summary>
    Expired,
}
