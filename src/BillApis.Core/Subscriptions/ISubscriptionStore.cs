using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Keeps subscriptions and deals out those that are due. Implementations must pass <c>SubscriptionStoreConformance</c>.</summary>
public interface ISubscriptionStore : IStore<Subscription>
{
    /// <summary>Stores subscriptions together with the coupons that they redeemed and the events, or nothing.</summary>
    /// <returns><see cref="SaveResult.Conflict"/> where someone else changed a subscription or a coupon first; nothing is stored then.</returns>
    Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<Subscription> subscriptions, IReadOnlyList<Coupon> coupons, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken);

    /// <summary>All of some customers, newest first.</summary>
    Task<IReadOnlyList<Subscription>> OfCustomersAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, CancellationToken cancellationToken);

    /// <summary>Has lists filtered by <c>status</c> and <c>plan_id</c> answer what a tenant's subscriptions are at an instant, where that changed by itself since they were saved; nothing else of them changes.</summary>
    Task RefreshAsync(TenantId tenant, Instant now, CancellationToken cancellationToken);

    /// <summary>
    /// Leases due subscriptions to this caller, longest due first: nobody else gets them until they are saved or the lease ends.
    /// Leases follow the database's clock.
    /// </summary>
    Task<IReadOnlyList<Subscription>> LeaseAsync(DueQuery query, int limit, Duration lease, CancellationToken cancellationToken);

    /// <summary>Those that are billed before their periods end once their usage reaches a threshold, by id.</summary>
    /// <param name="query">Of which tenant and customer; its instant is not looked at.</param>
    /// <param name="after">Only ids after this one; null for the first page.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<Subscription>> ListWatchedAsync(DueQuery query, SubscriptionId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Those that redeemed a coupon, by id; also those that have it no more.</summary>
    /// <param name="tenant">Whose coupon it is.</param>
    /// <param name="coupon">The coupon.</param>
    /// <param name="after">Only ids after this one; null for the first page.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<Subscription>> ListRedeemersAsync(TenantId tenant, CouponId coupon, SubscriptionId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Lists what is due by id, leased or not.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="after">Only ids after this one; null for the first page.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<Subscription>> ListDueAsync(DueQuery query, SubscriptionId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Counts what is due, leased or not.</summary>
    Task<int> CountDueAsync(DueQuery query, CancellationToken cancellationToken);
}

/// <summary>Which subscriptions are due.</summary>
/// <param name="At">Due at this instant or before.</param>
/// <param name="Tenant">Of one tenant; null for all.</param>
/// <param name="Customer">Of one customer; null for all.</param>
/// <param name="Automatic">Whether the worker's own graces are waited for.</param>
public sealed record DueQuery(Instant At, TenantId? Tenant = null, CustomerId? Customer = null, bool Automatic = false)
{
    /// <summary>Those that are left out of what is leased.</summary>
    public IReadOnlyCollection<SubscriptionId> Except { get; init; } = [];
}
