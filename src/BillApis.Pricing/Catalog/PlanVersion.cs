using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Pricing;

/// <summary>One version of a plan: a draft until it is published, and immutable from then on.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="Items">The prices, in the order of the invoice's lines.</param>
/// <param name="TrialDays">Days without charges at the start of a subscription that names no number of its own.</param>
/// <param name="PublishedAt">When it was published; null for a draft.</param>
public sealed record PlanVersion(int Number, ImmutableArray<PlanItem> Items, int TrialDays = 0, Instant? PublishedAt = null)
{
    /// <summary>The least that all prices come to together; null for no least.</summary>
    public MinimumCommitment? Commitment { get; init; }

    /// <summary>The amount of unbilled usage that is invoiced before its period ends; null for none.</summary>
    public Money? UsageThreshold { get; init; }

    /// <summary>Whether all that it charges has amounts in a currency.</summary>
    public bool Has(Currency currency) =>
        Items.All(item => item.Price.Terms.Currencies.Contains(currency)) && (Commitment?.Amount.Currency ?? currency) == currency && (UsageThreshold?.Currency ?? currency) == currency;

    /// <summary>This version with every price in one currency.</summary>
    /// <exception cref="BillingException">A price has no amounts in that currency.</exception>
    public PlanVersion In(Currency currency) => Items.All(item => item.Price.Terms.Currency == currency)
        ? this
        : this with { Items = [.. Items.Select(item => item with { Price = item.Price with { Terms = item.Price.Terms.In(currency) } })] };

    /// <summary>What subscribers may use.</summary>
    public ImmutableArray<Entitlement> Entitlements { get; init; } = [];
}
