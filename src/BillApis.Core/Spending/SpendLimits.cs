using System.Collections.Immutable;
using NodaTime;

namespace BillApis;

/// <summary>How much customers may spend on usage in a month, and how much they did.</summary>
public sealed class SpendLimits
{
    private const string Kind = "spend limit";
    private readonly ISpendLimitStore _store;
    private readonly SpendWatch _watch;
    private readonly SpendReader _reader;
    private readonly Customers _customers;
    private readonly Subscriptions _subscriptions;
    private readonly IClock _clock;

    internal SpendLimits(ISpendLimitStore store, SpendWatch watch, SpendReader reader, Customers customers, Subscriptions subscriptions, IClock clock) =>
        (_store, _watch, _reader, _customers, _subscriptions, _clock) = (store, watch, reader, customers, subscriptions, clock);

    /// <summary>Sets a limit; what was spent in this month counts against it at once.</summary>
    /// <exception cref="BillingException">There is no such customer or subscription, or a field breaks a rule.</exception>
    public async Task<SpendLimit> CreateAsync(TenantId tenant, NewSpendLimit request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var customer = await _customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        if (request.Subscription is { } id && (await _subscriptions.GetAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false)).Customer != customer.Id)
        {
            throw BillingException.Field("subscription_id", "must be a subscription of the customer");
        }

        var now = _clock.GetCurrentInstant();
        var limit = new SpendLimit
        {
            Id = EntityId.New<SpendLimitId>(), Tenant = tenant, Customer = customer.Id, Subscription = request.Subscription, Monthly = request.Monthly,
            Thresholds = request.Thresholds, Action = request.Action, CreatedAt = now,
        };
        limit.Validate();
        await _store.SaveAsync(tenant, [limit], [new BillingEvent("spend_limit.created", limit.Id.ToString(), now)], cancellationToken).ConfigureAwait(false);
        return await LookedAtAsync(limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<SpendLimit> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        await _store.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is { DeletedAt: null } limit ? limit.AsOf(_clock.GetCurrentInstant()) : throw BillingException.NotFound(Kind, id);

    /// <summary>Lists newest first; filtered by <c>customer_id</c>.</summary>
    public async Task<Page<SpendLimit>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var now = _clock.GetCurrentInstant();
        return (await _store.ListAsync(tenant, query.With("deleted", "false"), cancellationToken).ConfigureAwait(false)).Select(limit => limit.AsOf(now));
    }

    /// <summary>Changes one; where it is not reached any more, what it had suspended or blocked goes on.</summary>
    /// <exception cref="BillingException">There is none such, or the result breaks a rule.</exception>
    public Task<SpendLimit> UpdateAsync(TenantId tenant, string id, Func<SpendLimit, SpendLimit> change, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, id, "updated", change, cancellationToken);

    /// <summary>Counts anew from what was spent until now; what it had suspended or blocked goes on.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public Task<SpendLimit> ResetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, id, "reset", limit => limit.Reset(), cancellationToken);

    /// <summary>Takes one away; what it had suspended or blocked goes on.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public Task<SpendLimit> DeleteAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, id, "deleted", limit => limit with { DeletedAt = _clock.GetCurrentInstant() }, cancellationToken);

    /// <summary>How a customer's month goes, with everything that was stored until now.</summary>
    /// <exception cref="BillingException">There is no such customer.</exception>
    public async Task<SpendStatus> StatusAsync(TenantId tenant, string customer, SubscriptionId? subscription = null, CancellationToken cancellationToken = default)
    {
        var found = await _customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        await _watch.MoveAsync(tenant, [found.Id], cancellationToken).ConfigureAwait(false);
        var limits = new List<SpendLimit>();
        await foreach (var limit in _store.OfCustomerAsync(found, cancellationToken).ConfigureAwait(false))
        {
            if (limit.DeletedAt is null && (subscription is null || limit.Subscription is null || limit.Subscription == subscription))
            {
                limits.Add(limit);
            }
        }

        // All that the customer spends comes first, then what is nearest to its limit.
        ImmutableArray<SpendLimit> ordered = [.. limits.OrderBy(limit => limit.Subscription != subscription).ThenByDescending(limit => (limit.Month?.Counted ?? 0) / limit.Monthly.Amount).ThenBy(limit => limit.Id.ToString(), StringComparer.Ordinal)];
        var currency = ordered is [var first, ..] ? first.Monthly.Currency : found.Currency;
        var now = _clock.GetCurrentInstant();
        var month = QuotaWindow.Month(found.Zone, now);
        var spent = await SpentAsync(found, SpendReader.SoFar(month, now), currency, subscription, cancellationToken).ConfigureAwait(false);
        return new SpendStatus(currency, month, spent, await ProjectedAsync(found, month, spent, currency, subscription, cancellationToken).ConfigureAwait(false), ordered);
    }

    private async Task<decimal> ProjectedAsync(Customer customer, Interval month, decimal spent, Currency currency, SubscriptionId? subscription, CancellationToken cancellationToken)
    {
        var (now, before) = (_clock.GetCurrentInstant(), QuotaWindow.Month(customer.Zone, month.Start - Duration.Epsilon));
        var part = await SpentAsync(customer, new Interval(before.Start, SpendForecast.SamePart(month, now, before)), currency, subscription, cancellationToken).ConfigureAwait(false);
        var whole = await SpentAsync(customer, before, currency, subscription, cancellationToken).ConfigureAwait(false);
        return SpendForecast.Of(spent, month, now, part, whole);
    }

    private async Task<decimal> SpentAsync(Customer customer, Interval span, Currency currency, SubscriptionId? subscription, CancellationToken cancellationToken) =>
        (await _reader.ReadAsync(customer, span, cancellationToken).ConfigureAwait(false))
            .Where(item => item.Value.Currency == currency && (subscription is null || item.Key == subscription)).Sum(item => item.Value.Amount);

    private async Task<SpendLimit> ChangeAsync(TenantId tenant, string id, string what, Func<SpendLimit, SpendLimit> change, CancellationToken cancellationToken)
    {
        await GetAsync(tenant, id, cancellationToken).ConfigureAwait(false);
        var changed = await _store.ChangeAsync(
            tenant,
            Kind,
            id,
            limit =>
            {
                var after = change(limit);
                after.Validate();
                return Task.FromResult<(SpendLimit, IReadOnlyList<BillingEvent>)>((after, [new BillingEvent($"spend_limit.{what}", id, _clock.GetCurrentInstant())]));
            },
            cancellationToken).ConfigureAwait(false);
        return await LookedAtAsync(changed, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SpendLimit> LookedAtAsync(SpendLimit limit, CancellationToken cancellationToken)
    {
        await _watch.MoveAsync(limit.Tenant, [limit.Customer], cancellationToken).ConfigureAwait(false);
        return await _store.GetAsync(limit.Tenant, Kind, limit.Id.ToString(), cancellationToken).ConfigureAwait(false);
    }
}
