using System.Collections.Immutable;

namespace BillApis;

/// <summary>What a new spend limit is made of.</summary>
/// <param name="Customer">The customer's id or external id.</param>
/// <param name="Monthly">The most in a month.</param>
public sealed record NewSpendLimit(string Customer, Money Monthly)
{
    /// <summary>Only what this subscription spends; null for all of the customer's.</summary>
    public SubscriptionId? Subscription { get; init; }

    /// <summary>Percentages of the limit that are told once a month, rising.</summary>
    public ImmutableArray<decimal> Thresholds { get; init; } = [];

    /// <summary>What happens once it is reached.</summary>
    public SpendAction Action { get; init; } = SpendAction.Notify;
}
