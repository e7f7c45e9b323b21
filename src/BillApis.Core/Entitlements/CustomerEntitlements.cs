using System.Collections.Immutable;
using NodaTime;

namespace BillApis;

/// <summary>All that a customer may use at an instant.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Features">The features that anything grants, by their codes.</param>
/// <param name="At">The instant.</param>
/// <param name="Until">The next instant at which something of it may change by itself.</param>
public sealed record CustomerEntitlements(Customer Customer, ImmutableArray<GrantedFeature> Features, Instant At, Instant Until)
{
    /// <summary>Whether the customer has reached a spend limit that stops all of its use.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>The feature of an id or code; null where nothing grants it.</summary>
    public GrantedFeature? Find(string feature) => Features.FirstOrDefault(granted => granted.Feature.Code == feature || granted.Feature.Id.ToString() == feature);
}
