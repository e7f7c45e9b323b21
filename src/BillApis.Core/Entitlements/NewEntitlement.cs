using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What an exception for one customer is made of.</summary>
/// <param name="Customer">The customer's id or external id.</param>
/// <param name="Terms">What is granted.</param>
public sealed record NewEntitlement(string Customer, Entitlement Terms)
{
    /// <summary>From when it is in force; now where null.</summary>
    public Instant? EffectiveAt { get; init; }

    /// <summary>Until when it is in force; null for no end.</summary>
    public Instant? ExpiresAt { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }
}
