using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Something that grants a feature to a customer at an instant.</summary>
/// <param name="Terms">What it grants.</param>
/// <param name="Origin">What kind of thing it is.</param>
/// <param name="OriginId">Which one: the subscription or the exception.</param>
public sealed record EntitlementSource(Entitlement Terms, EntitlementOrigin Origin, string OriginId)
{
    /// <summary>How often it is granted, as for an add-on that was taken three times.</summary>
    public decimal Quantity { get; init; } = 1;

    /// <summary>The subscription's period at the instant; null where there is none.</summary>
    public Interval? Period { get; init; }
}

/// <summary>What grants a feature.</summary>
public enum EntitlementOrigin
{
    /// <summary>The plan of a subscription.</summary>
    Plan,

    /// <summary>An add-on of a subscription.</summary>
    AddOn,

    /// <summary>An exception for the customer.</summary>
    Override,
}
