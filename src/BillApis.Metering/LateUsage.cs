using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Metering;

/// <summary>Usage of a subscription that changed after it was billed: all periods of the metric that hold an instant from the first to the last have to be rated again.</summary>
/// <param name="Tenant">Whose usage it is.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Subscription">The subscription that was billed.</param>
/// <param name="First">The earliest instant at which something changed.</param>
/// <param name="Last">The latest instant at which something changed.</param>
/// <param name="Mark">Another one after each change.</param>
public sealed record LateUsage(TenantId Tenant, CustomerId Customer, MetricId Metric, SubscriptionId Subscription, Instant First, Instant Last, string Mark);

/// <summary>Which late usage to list.</summary>
public sealed record LateQuery
{
    /// <summary>Only this tenant's; null for all.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>Only this customer's; null for all.</summary>
    public CustomerId? Customer { get; init; }

    /// <summary>Only of these subscriptions, postponed or not; empty for all.</summary>
    public ImmutableArray<SubscriptionId> Subscriptions { get; init; } = [];

    /// <summary>Only what is not postponed beyond this instant; null for all.</summary>
    public Instant? At { get; init; }

    /// <summary>How many at the most.</summary>
    public int Limit { get; init; } = Limits.PageSize;
}
