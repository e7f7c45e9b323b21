using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>What customers may use, and how much of it.</summary>
public sealed class Entitlements
{
    private const string Kind = "entitlement";
    private readonly EntitlementReader _reader;
    private readonly EntitlementCache _cache;
    private readonly IStore<EntitlementOverride> _overrides;
    private readonly Customers _customers;
    private readonly Features _features;
    private readonly IClock _clock;

    internal Entitlements(EntitlementReader reader, EntitlementCache cache, IStore<EntitlementOverride> overrides, Customers customers, Features features, IClock clock) =>
        (_reader, _cache, _overrides, _customers, _features, _clock) = (reader, cache, overrides, customers, features, clock);

    /// <summary>Whether a customer may use so much of a feature now. Answered from memory where it is known; see the documentation for how old that may be.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="customer">The customer's id or external id.</param>
    /// <param name="feature">The feature's id or code.</param>
    /// <param name="quantity">How much it wants to use; 0 asks whether anything is left to say no to.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">There is no such customer or feature, or the quantity is negative.</exception>
    public ValueTask<EntitlementCheck> CheckAsync(TenantId tenant, string customer, string feature, decimal quantity = 1, CancellationToken cancellationToken = default) =>
        quantity >= 0 && _cache.Find(tenant, customer)?.Feature(feature, _clock.GetCurrentInstant()) is { } known
            ? new ValueTask<EntitlementCheck>(known.Check(quantity))
            : new ValueTask<EntitlementCheck>(CheckSlowlyAsync(tenant, customer, feature, quantity, cancellationToken));

    /// <summary>All that a customer may use, now or at another instant, with what was used of each quota by then.</summary>
    /// <exception cref="BillingException">There is no such customer.</exception>
    public async Task<IReadOnlyList<EntitlementState>> ListAsync(TenantId tenant, string customer, Instant? at = null, CancellationToken cancellationToken = default)
    {
        var found = await _customers.GetAsync(tenant, customer, cancellationToken).ConfigureAwait(false);
        var instant = at ?? _clock.GetCurrentInstant();
        var granted = new List<GrantedFeature>();
        foreach (var feature in (await _reader.ReadAsync(found, instant, cancellationToken).ConfigureAwait(false)).Features)
        {
            granted.Add(await _reader.OpenedAsync(found, feature, instant, cancellationToken).ConfigureAwait(false));
        }

        var used = await _reader.UsedAsync(found, granted, at ?? ReadUntil(instant), cancellationToken).ConfigureAwait(false);
        var states = new List<EntitlementState>();
        foreach (var (feature, metered) in granted.Zip(used))
        {
            // What reservations counted is known of the window, not of an instant in it.
            var count = at is null ? await _reader.CountAsync(found, feature, cancellationToken).ConfigureAwait(false) : default;
            states.Add(new EntitlementState(feature, metered is { } amount ? Math.Max(amount, count.Used) + count.Reserved : null));
        }

        return states;
    }

    /// <summary>Makes an exception for one customer, which stands in for what its plans grant of the feature.</summary>
    /// <exception cref="BillingException">There is no such customer or feature, or a field breaks a rule.</exception>
    public async Task<EntitlementOverride> GrantAsync(TenantId tenant, NewEntitlement request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var customer = await _customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        var feature = await _features.GetAsync(tenant, request.Terms.Feature.ToString(), cancellationToken).ConfigureAwait(false);
        request.Terms.Validate();
        OpenedWindow.Check(request.Terms, feature);
        Check.Text("reason", request.Reason);
        var now = _clock.GetCurrentInstant();
        var start = request.EffectiveAt ?? now;
        if (request.ExpiresAt <= start)
        {
            throw BillingException.Field("expires_at", "must be after effective_at");
        }

        if (feature.ArchivedAt is not null)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The feature '{feature.Code}' is archived and cannot be granted.");
        }

        var made = new EntitlementOverride
        {
            Id = EntityId.New<EntitlementId>(), Tenant = tenant, Customer = customer.Id, Terms = request.Terms, EffectiveAt = start, ExpiresAt = request.ExpiresAt, Reason = request.Reason, CreatedAt = now,
        };
        await _overrides.SaveAsync(tenant, [made], [new BillingEvent("entitlement.granted", made.Id.ToString(), now)], cancellationToken).ConfigureAwait(false);
        return made.WithVersion(1);
    }

    /// <summary>Takes an exception back; the customer's plans, or an older exception, say again what is granted.</summary>
    /// <exception cref="BillingException">There is none such, or it has ended already.</exception>
    public Task<EntitlementOverride> EndAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) =>
        _overrides.ChangeAsync(
            tenant,
            Kind,
            id,
            found => Task.FromResult<(EntitlementOverride, IReadOnlyList<BillingEvent>)>(
                (found.Stop(_clock.GetCurrentInstant()), [new BillingEvent("entitlement.ended", id, _clock.GetCurrentInstant())])),
            cancellationToken);

    /// <summary>Reads one exception.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public Task<EntitlementOverride> GetAsync(TenantId tenant, string id, CancellationToken cancellationToken = default) => _overrides.GetAsync(tenant, Kind, id, cancellationToken);

    /// <summary>Lists exceptions that are and were, newest first; filtered by <c>customer_id</c>, <c>feature_id</c> and <c>ended</c>.</summary>
    public Task<Page<EntitlementOverride>> ListOverridesAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => _overrides.ListAsync(tenant, query, cancellationToken);

    /// <summary>How a feature stands for a customer, from memory where that was read in the last second: the store knows what was set aside since.</summary>
    /// <exception cref="BillingException">There is no such customer or feature.</exception>
    internal async ValueTask<KnownFeature> RecentAsync(TenantId tenant, string customer, string feature, CancellationToken cancellationToken) =>
        _cache.Find(tenant, customer)?.Recent(feature, _clock.GetCurrentInstant())
        ?? await ReadAsync(tenant, customer, feature, static (slot, name, now) => slot.Recent(name, now), cancellationToken).ConfigureAwait(false);

    private async Task<EntitlementCheck> CheckSlowlyAsync(TenantId tenant, string customer, string feature, decimal quantity, CancellationToken cancellationToken)
    {
        Check.Range("quantity", quantity, 0, Limits.Magnitude);
        return (await ReadAsync(tenant, customer, feature, static (slot, name, now) => slot.Feature(name, now), cancellationToken).ConfigureAwait(false)).Check(quantity);
    }

    private async Task<KnownFeature> ReadAsync(TenantId tenant, string reference, string feature, Func<EntitlementCache.Slot, string, Instant, KnownFeature?> find, CancellationToken cancellationToken)
    {
        var now = _clock.GetCurrentInstant();
        var slot = _cache.Find(tenant, reference);
        var customer = slot?.Entitlements(now)?.Customer ?? await _customers.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        slot = _cache.Open(customer, reference);
        await slot.Reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return find(slot, feature, now) ?? await ReadAsync(slot, customer, feature, now, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            slot.Reading.Release();
        }
    }

    private async Task<KnownFeature> ReadAsync(EntitlementCache.Slot slot, Customer customer, string feature, Instant now, CancellationToken cancellationToken)
    {
        var (stamp, readAt) = (slot.Stamp, Environment.TickCount64);
        if (slot.Entitlements(now) is not { } entitlements)
        {
            entitlements = await _reader.ReadAsync(customer, now, cancellationToken).ConfigureAwait(false);
            slot.Keep(entitlements, readAt, stamp.Terms);
        }

        var found = entitlements.Find(feature) ?? await _reader.NoneAsync(customer, feature, now, cancellationToken).ConfigureAwait(false);
        var granted = await _reader.OpenedAsync(customer, found, now, cancellationToken).ConfigureAwait(false);
        var count = await _reader.CountAsync(customer, granted, cancellationToken).ConfigureAwait(false);
        var metered = (await _reader.UsedAsync(customer, [granted], ReadUntil(now), cancellationToken).ConfigureAwait(false))[0] ?? 0;
        var known = new KnownFeature(customer.Id, granted, metered, count, entitlements.IsBlocked, readAt, now, granted.Window is { HasEnd: true } window ? Instant.Min(entitlements.Until, window.End) : entitlements.Until, stamp);
        slot.Keep(feature, known);
        return known;
    }

    // Events may lie ahead of the clock by so much, and count from when they are there.
    private static Instant ReadUntil(Instant now) => now + Limits.FutureSkew + Duration.Epsilon;
}
