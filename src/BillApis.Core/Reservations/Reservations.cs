using System.Data.Common;
using BillApis.Pricing;
using BillApis.Storage;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Limits that hold: a part of a quota is set aside before the work, and counted or given back after it.</summary>
/// <remarks>What is committed and set aside never exceeds the limit, however many callers, processes and kills there are.</remarks>
public sealed class Reservations
{
    private const string Kind = "reservation";
    private readonly IReservationStore _store;
    private readonly Entitlements _entitlements;
    private readonly ISpendLimitStore _limits;
    private readonly Customers _customers;
    private readonly IStore<Subscription> _subscriptions;
    private readonly ChangeFeed _feed;
    private readonly IOptions<BillingOptions> _options;
    private readonly IClock _clock;

    internal Reservations(IReservationStore store, Entitlements entitlements, ISpendLimitStore limits, Customers customers, IStore<Subscription> subscriptions, ChangeFeed feed, IOptions<BillingOptions> options, IClock clock) =>
        (_store, _entitlements, _limits, _customers, _subscriptions, _feed, _options, _clock) = (store, entitlements, limits, customers, subscriptions, feed, options, clock);

    /// <summary>Sets a part of a quota aside; where the database does not answer in time, the answer says so and whether to go on.</summary>
    /// <exception cref="BillingException">There is no such customer or feature, the feature has no quota, or a field breaks a rule.</exception>
    public async Task<ReserveResult> ReserveAsync(TenantId tenant, NewReservation wanted, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        wanted.Validate();
        var id = wanted.Id ?? EntityId.New<ReservationId>();
        try
        {
            var attempt = wanted.Feature is { } feature ? OfFeatureAsync(tenant, wanted, feature, id, cancellationToken) : OfAmountAsync(tenant, wanted, wanted.Amount!.Value, id, cancellationToken);
            return await attempt.WaitAsync(_options.Value.ReservationPatience.ToTimeSpan(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or BillingException { Code: BillingErrorCode.Unavailable })
        {
            return new Indeterminate(id, _options.Value.ReservationsFailOpen, exception);
        }
    }

    /// <summary>Counts what was used of a reservation, and gives the rest back. Safe to repeat. One that has expired is counted where there is still room for it.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="id">The reservation.</param>
    /// <param name="actual">What was used; more than was set aside only where the limit has room for it.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">There is none such, it ended otherwise, or the limit has no room for so much.</exception>
    public Task<Reservation> CommitAsync(TenantId tenant, ReservationId id, decimal actual, CancellationToken cancellationToken = default)
    {
        Check.Range("actual", actual, 0, Limits.Magnitude);
        return SettleAsync(tenant, id, actual, cancellationToken);
    }

    /// <summary>Gives a reservation back unused. Safe to repeat.</summary>
    /// <exception cref="BillingException">There is none such, or it was committed.</exception>
    public Task<Reservation> ReleaseAsync(TenantId tenant, ReservationId id, CancellationToken cancellationToken = default) => SettleAsync(tenant, id, null, cancellationToken);

    /// <summary>Reads one.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public async Task<Reservation> GetAsync(TenantId tenant, ReservationId id, CancellationToken cancellationToken = default) =>
        await _store.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Kind, id.ToString());

    private async Task<ReserveResult> OfFeatureAsync(TenantId tenant, NewReservation wanted, string feature, ReservationId id, CancellationToken cancellationToken)
    {
        var known = await _entitlements.RecentAsync(tenant, wanted.Customer, feature, cancellationToken).ConfigureAwait(false);
        var terms = known.Granted.Terms;
        if (known.IsBlocked || !terms.Enabled)
        {
            return new Denied(id, known.Check(wanted.Quantity));
        }

        if (known.Granted.Window is not { } window)
        {
            throw BillingException.Field("feature_id", $"must be metered; the customer is granted '{known.Granted.Feature.Code}' as {terms.Type}, of which nothing can be set aside");
        }

        var hard = terms.Overage is Overage.Block ? terms.Limit : null;
        var reservation = new Reservation { Id = id, Quota = new QuotaKey(known.Customer, known.Granted.Feature.Id.ToString(), window.Start), Quantity = wanted.Quantity, Limit = hard };
        var outcome = await StoreAsync(tenant, reservation, known.Metered, wanted.Lifetime, cancellationToken).ConfigureAwait(false);
        return outcome.Reservation is { } stored
            ? new Allowed(stored, outcome.Count)
            : new Denied(id, new EntitlementCheck(false, terms.Limit, outcome.Count.Taken, window.HasEnd ? window.End : null, EntitlementReason.LimitReached));
    }

    private async Task<ReserveResult> OfAmountAsync(TenantId tenant, NewReservation wanted, Money amount, ReservationId id, CancellationToken cancellationToken)
    {
        var customer = await _customers.GetAsync(tenant, wanted.Customer, cancellationToken).ConfigureAwait(false);
        var month = QuotaWindow.Month(customer.Zone, _clock.GetCurrentInstant());
        SubscriptionId? subscription = wanted.Subscription is { } named ? await SubscriptionAsync(tenant, customer, named, cancellationToken).ConfigureAwait(false) : null;
        var (whole, part) = (new SpendRoom(), new SpendRoom());
        await foreach (var limit in _limits.OfCustomerAsync(customer, cancellationToken).ConfigureAwait(false))
        {
            if (limit is { DeletedAt: null, Action: not SpendAction.Notify } && limit.Monthly.Currency == amount.Currency)
            {
                whole = limit.Subscription is null ? whole.Within(limit, month) : whole;
                part = subscription is not null && limit.Subscription == subscription ? part.Within(limit, month) : part;
            }
        }

        var reservation = new Reservation
        {
            Id = id, Quota = new QuotaKey(customer.Id, $"spend/{amount.Currency}", month.Start), Quantity = amount.Amount, Limit = whole.Most,
            Also = subscription is null ? null : new QuotaShare($"spend/{amount.Currency}/{subscription}", part.Most),
        };
        var outcome = await StoreAsync(tenant, reservation, new MeteredUse(whole.Spent, part.Spent), wanted.Lifetime, cancellationToken).ConfigureAwait(false);
        if (outcome.Reservation is { } stored)
        {
            return new Allowed(stored, outcome.Count);
        }

        var (most, count) = outcome.Count.Taken + amount.Amount > whole.Most ? (whole.Most, outcome.Count) : (part.Most, outcome.Also);
        return new Denied(id, new EntitlementCheck(false, most, count.Taken, month.End, EntitlementReason.SpendLimit));
    }

    private async Task<SubscriptionId> SubscriptionAsync(TenantId tenant, Customer customer, string id, CancellationToken cancellationToken) =>
        await _subscriptions.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is { } found && found.Customer == customer.Id
            ? found.Id
            : throw BillingException.NotFound("subscription of the customer", id);

    private async Task<ReserveOutcome> StoreAsync(TenantId tenant, Reservation reservation, MeteredUse metered, Duration lifetime, CancellationToken cancellationToken)
    {
        var outcome = await _store.ReserveAsync(tenant, reservation, metered, lifetime, cancellationToken).ConfigureAwait(false);
        _feed.Publish(new Change(tenant, reservation.Quota.Customer, IsUsage: true));
        return outcome;
    }

    private async Task<Reservation> SettleAsync(TenantId tenant, ReservationId id, decimal? actual, CancellationToken cancellationToken)
    {
        var (result, reservation) = await _store.SettleAsync(tenant, id, actual, cancellationToken).ConfigureAwait(false);
        if (reservation is not null)
        {
            _feed.Publish(new Change(tenant, reservation.Quota.Customer, IsUsage: true));
        }

        return result switch
        {
            SettleResult.Settled => reservation!,
            SettleResult.Unknown => throw BillingException.NotFound(Kind, id.ToString()),
            SettleResult.OverLimit => throw new BillingException(
                BillingErrorCode.LimitReached, $"The reservation '{id}' is over {Exact.Format(reservation!.Quantity)}; its limit{LimitOf(reservation)} has no room for {Exact.Format(actual!.Value)}."),
            _ => throw new BillingException(BillingErrorCode.Conflict, $"The reservation '{id}' was {EndOf(reservation!)} before."),
        };
    }

    // Of two limits either may be the one.
    private static string LimitOf(Reservation reservation) => reservation.Also is null ? $" of {Exact.Format(reservation.Limit!.Value)}" : "";

    private static string EndOf(Reservation reservation) => reservation is { State: ReservationState.Committed, Actual: { } used } ? $"committed with {Exact.Format(used)}" : "released";
}
