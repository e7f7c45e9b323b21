using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Whether a customer may use so much of a feature now.</summary>
/// <param name="Allowed">Whether it may.</param>
/// <param name="Limit">The quota or fixed number; null where there is none.</param>
/// <param name="Used">What was used of a quota in its window.</param>
/// <param name="ResetsAt">When the quota begins anew; null where it never does or there is none.</param>
/// <param name="Reason">Why it may not, or that it goes beyond its quota; null where neither.</param>
public readonly record struct EntitlementCheck(bool Allowed, decimal? Limit, decimal? Used, Instant? ResetsAt, EntitlementReason? Reason)
{
    /// <summary>What is left of the quota; null where there is none.</summary>
    public decimal? Remaining => Limit is { } limit && Used is { } used ? Math.Max(0, limit - used) : null;

    /// <summary>Decides by what is granted and used.</summary>
    internal static EntitlementCheck Of(Entitlement terms, decimal? used, Instant? resetsAt, decimal quantity, bool isBlocked)
    {
        var within = terms.Type switch
        {
            EntitlementType.Boolean => terms.Enabled,
            EntitlementType.Static => terms.Limit is not { } most || quantity <= most,
            _ => terms.Limit is not { } limit || used + quantity <= limit,
        };
        var (allowed, reason) = (isBlocked, within, terms) switch
        {
            (true, _, _) => (false, EntitlementReason.SpendLimit),
            (_, true, _) => (true, (EntitlementReason?)null),
            (_, _, { Type: EntitlementType.Boolean }) => (false, EntitlementReason.NotEntitled),
            (_, _, { Type: EntitlementType.Metered, Overage: Overage.Allow }) => (true, EntitlementReason.Overage),
            _ => (false, EntitlementReason.LimitReached),
        };
        return new EntitlementCheck(allowed, terms.Limit, terms.Type is EntitlementType.Metered ? used : null, resetsAt, reason);
    }
}

/// <summary>Why a check is answered as it is.</summary>
public enum EntitlementReason
{
    /// <summary>Nothing grants the feature, or it is switched off.</summary>
    NotEntitled,

    /// <summary>The quota is used up, or the fixed number is smaller.</summary>
    LimitReached,

    /// <summary>It is allowed, and goes beyond the quota.</summary>
    Overage,

    /// <summary>The customer reached a spend limit that blocks.</summary>
    SpendLimit,
}
