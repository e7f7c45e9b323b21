using System.Collections.Immutable;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Credit to be given to a customer.</summary>
/// <param name="Customer">The customer's id or external id.</param>
/// <param name="Amount">How much, in the customer's currency; more than zero.</param>
public sealed record NewCreditGrant(string Customer, Money Amount)
{
    /// <summary>Whether it was given or bought.</summary>
    public CreditCategory Category { get; init; } = CreditCategory.Promotional;

    /// <summary>The smaller is used first.</summary>
    public int Priority { get; init; } = CreditGrant.DefaultPriority;

    /// <summary>From when it counts; now where null.</summary>
    public Instant? EffectiveAt { get; init; }

    /// <summary>Until when; null for ever.</summary>
    public Instant? ExpiresAt { get; init; }

    /// <summary>Which lines it is for.</summary>
    public CreditScope Scope { get; init; } = CreditScope.All;

    /// <summary>How it is filled up again; null for never.</summary>
    public GrantRecurrence? Recurrence { get; init; }

    /// <summary>When and how much credit is to be bought as the customer's runs out; null for never.</summary>
    public AutoTopUp? TopUp { get; init; }

    /// <summary>The tenant's own notes.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
