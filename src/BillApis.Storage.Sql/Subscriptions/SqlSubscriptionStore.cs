using System.Data.Common;
using BillApis.Invoicing;
using BillApis.Storage;
using BillApis.Storage.Sql.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Subscriptions;

/// <summary>Subscriptions in <c>billing_subscription</c>; saving one ends its lease.</summary>
internal sealed class SqlSubscriptionStore(SqlDatabase database, SqlStore<Coupon> coupons) : SqlStore<Subscription>(database, Map), ISubscriptionStore
{
    private static readonly EntityMap<Subscription> Map = EntityMap<Subscription>.Of(
        "billing_subscription",
        EntityColumn<Subscription>.Text("customer_id", item => item.Customer) with { IsFixed = true },
        EntityColumn<Subscription>.Text("plan_id", item => item.PlanAt(item.AsOf).Plan),
        EntityColumn<Subscription>.Text("status", item => EntityMaps.Wire(item.StatusAt(item.AsOf))),
        EntityColumn<Subscription>.Number("state_until", item => item.Timeline.ChangesAfter(item.AsOf)?.ToMicroseconds()),
        EntityColumn<Subscription>.Number("next_billing_at", item => item.NextBillingAt?.ToMicroseconds()),
        EntityColumn<Subscription>.Number("auto_billing_at", item => item.AutoBillingAt?.ToMicroseconds()),
        EntityColumn<Subscription>.Text("watched", item => !item.IsWatched || item.IsOver ? null : "true"),
        EntityColumn<Subscription>.Number("leased_until", _ => null)) with { Outdates = item => new Change(item.Tenant, item.Customer), IsNameless = true };

    private readonly SqlDatabase _database = database;

    public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<Subscription> subscriptions, IReadOnlyList<Coupon> redeemed, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) =>
        SaveAsync(
            tenant,
            subscriptions,
            events,
            async transaction => await coupons.WriteAsync(transaction, tenant, redeemed, cancellationToken).ConfigureAwait(false)
                && await IndexAsync(transaction, tenant, subscriptions, cancellationToken).ConfigureAwait(false),
            cancellationToken);

    public Task<IReadOnlyList<Subscription>> OfCustomersAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, CancellationToken cancellationToken) => OfCustomersAsync(tenant, customers, "true", cancellationToken);

    // Whoever saves one meanwhile writes the columns anew.
    public async Task RefreshAsync(TenantId tenant, Instant now, CancellationToken cancellationToken)
    {
        for (var left = true; left;)
        {
            var changed = await QueryAsync(
                tenant,
                "select body, version from billing_subscription where tenant_id = @Tenant and state_until <= @Now limit @Limit",
                [("Tenant", tenant.ToString()), ("Now", now.ToMicroseconds()), ("Limit", Limits.PageSize)],
                cancellationToken).ConfigureAwait(false);
            var rows = changed.Select(item => new
            {
                id = item.Id, version = item.Version, plan_id = item.PlanAt(now).Plan, status = EntityMaps.Wire(item.StatusAt(now)), state_until = item.Timeline.ChangesAfter(now)?.ToMicroseconds(),
            }).ToList();
            left = rows.Count > 0 && await _database.WriteAsync(tenant, transaction => transaction.BulkAsync(Refresh(), tenant, rows, cancellationToken), cancellationToken).ConfigureAwait(false) > 0;
        }
    }

    private string Refresh() =>
        $"""
        update billing_subscription
        set plan_id = r.plan_id, status = r.status, state_until = r.state_until
        from {_database.Dialect.Rows("Rows", "id text", "version bigint", "plan_id text", "status text", "state_until bigint")} as r
        where billing_subscription.tenant_id = @Tenant and billing_subscription.id = r.id and billing_subscription.version = r.version
        """;

    public async Task<IReadOnlyList<Subscription>> ListWatchedAsync(DueQuery query, SubscriptionId? after, int limit, CancellationToken cancellationToken) =>
        await QueryAsync(
            query.Tenant,
            $"""
            select body, version from billing_subscription
            where watched is not null{Owner(query)} {(after is null ? "" : "and id > @After")}
            order by id
            limit @Limit
            """,
            Parameters(query, limit, after),
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<Subscription>> ListRedeemersAsync(TenantId tenant, CouponId coupon, SubscriptionId? after, int limit, CancellationToken cancellationToken) =>
        await QueryAsync(
            tenant,
            $"""
            select s.body, s.version
            from billing_subscription_coupon as c
            join billing_subscription as s on s.tenant_id = c.tenant_id and s.id = c.subscription_id
            where c.tenant_id = @Tenant and c.coupon_id = @Coupon {(after is null ? "" : "and c.subscription_id > @After")}
            order by c.subscription_id
            limit @Limit
            """,
            [("Tenant", tenant.ToString()), ("Coupon", coupon.ToString()), ("After", after?.ToString()), ("Limit", limit)],
            cancellationToken).ConfigureAwait(false);

    // Others write while what was leased is parsed.
    public async Task<IReadOnlyList<Subscription>> LeaseAsync(DueQuery query, int limit, Duration lease, CancellationToken cancellationToken)
    {
        var now = _database.Dialect.Now;
        var leased = await _database.WriteAsync(
            query.Tenant,
            transaction => _database.Dialect.QueryAsync(
                transaction.Connection!,
                $"""
                update billing_subscription set leased_until = {now} + @Lease
                where (tenant_id, id) in (
                    select tenant_id, id from billing_subscription
                    where {Due(query)} and (leased_until is null or leased_until < {now}){Except(query)}
                    order by {Column(query)}
                    limit @Limit
                    {_database.Dialect.ForUpdateSkipLocked})
                returning body, version
                """,
                Parameters(query, limit, lease: lease),
                row => (Body: row.Utf8(0).ToArray(), Version: row.Number(1)),
                cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return [.. leased.Select(row => Read(row.Body, row.Version))];
    }

    public async Task<IReadOnlyList<Subscription>> ListDueAsync(DueQuery query, SubscriptionId? after, int limit, CancellationToken cancellationToken) =>
        await QueryAsync(
            query.Tenant,
            $"""
            select body, version from billing_subscription
            where {Due(query)} {(after is null ? "" : "and id > @After")}
            order by id
            limit @Limit
            """,
            Parameters(query, limit, after),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> CountDueAsync(DueQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(query.Tenant, cancellationToken).ConfigureAwait(false);
        return (await _database.Dialect.QueryAsync(connection, $"select count(*) from billing_subscription where {Due(query)}", Parameters(query, 0), row => (int)row.Number(0), cancellationToken).ConfigureAwait(false))[0];
    }

    private async Task<bool> IndexAsync(DbTransaction transaction, TenantId tenant, IReadOnlyList<Subscription> subscriptions, CancellationToken cancellationToken)
    {
        var pairs = subscriptions.SelectMany(subscription => subscription.Coupons.Select(redemption => (redemption.Coupon.ToString(), subscription.Id.ToString())));
        await _database.Dialect.LinkAsync(transaction, tenant, "billing_subscription_coupon", ("coupon_id", "subscription_id"), pairs, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static string Column(DueQuery query) => query.Automatic ? "auto_billing_at" : "next_billing_at";

    private static string Due(DueQuery query) =>
        $"{Column(query)} <= @At{Owner(query)}";

    private string Except(DueQuery query) => query.Except.Count == 0 ? "" : $" and id not in (select value from {_database.Dialect.Texts("Except")} as r)";

    private static string Owner(DueQuery query) => $"{(query.Tenant is null ? "" : " and tenant_id = @Tenant")}{(query.Customer is null ? "" : " and customer_id = @Customer")}";

    private static (string Name, SqlValue Value)[] Parameters(DueQuery query, int limit, SubscriptionId? after = null, Duration lease = default) =>
    [
        ("At", query.At.ToMicroseconds()),
        ("Tenant", query.Tenant?.ToString()),
        ("Customer", query.Customer?.ToString()),
        ("After", after?.ToString()),
        ("Limit", limit),
        ("Lease", lease.BclCompatibleTicks / 10),
        ("Except", System.Text.Json.JsonSerializer.Serialize(query.Except.Select(id => id.ToString()))),
    ];
}
