using NodaTime;

namespace BillApis;

/// <summary>What a customer may use of a feature, and what it used.</summary>
/// <param name="Granted">What is granted, and by what.</param>
/// <param name="Used">What was used of a quota in its window; null where there is none.</param>
public sealed record EntitlementState(GrantedFeature Granted, decimal? Used)
{
    /// <summary>What is left of the quota; null where there is none, or it has no end.</summary>
    public decimal? Remaining => Granted.Terms.Limit is { } limit && Used is { } used ? Math.Max(0, limit - used) : null;

    /// <summary>When the quota begins anew; null where it never does.</summary>
    public Instant? ResetsAt => Granted.Window is { HasEnd: true } window ? window.End : null;
}
