namespace BillApis.Pricing;

/// <summary>A way from a plan to another that its subscriptions may take.</summary>
/// <param name="To">The other plan.</param>
/// <param name="When">When the change takes effect.</param>
/// <param name="Proration">What of the period that runs then is billed anew.</param>
public sealed record PlanTransition(PlanId To, ChangeWhen When, ChangeProration Proration);

/// <summary>When a change takes effect.</summary>
public enum ChangeWhen
{
    /// <summary>At once.</summary>
    Immediate,

    /// <summary>With the end of the period that runs now.</summary>
    PeriodEnd,
}

/// <summary>What a change in the middle of a period does about prices that are billed in advance.</summary>
public enum ChangeProration
{
    /// <summary>Gives back what was billed for the rest of the period, and charges the rest anew.</summary>
    Prorate,

    /// <summary>Neither gives back nor charges anything: the next period is the first that is billed by the new terms.</summary>
    None,

    /// <summary>Gives back all that was billed for the period, and charges the whole period anew.</summary>
    Full,
}
