namespace BillApis;

/// <summary>Where a subscription is in its life.</summary>
public enum SubscriptionStatus
{
    /// <summary>It starts later.</summary>
    Pending,

    /// <summary>It runs, and nothing is charged yet.</summary>
    Trialing,

    /// <summary>It runs.</summary>
    Active,

    /// <summary>It ended because someone canceled it.</summary>
    Canceled,

    /// <summary>It ended at the end that it had from the start.</summary>
    Expired,
}
