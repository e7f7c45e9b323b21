using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>The grants of the customers whose credit is moved, as each step leaves them to the next.</summary>
internal sealed class CreditBook(ICreditStore store)
{
    private readonly Dictionary<CustomerId, Dictionary<CreditGrantId, CreditGrant>> _grants = [];
    private readonly Dictionary<CreditGrantId, CreditGrant> _before = [];

    /// <summary>Reads the grants of those customers that were not read before.</summary>
    public async Task LoadAsync(TenantId tenant, IEnumerable<CustomerId> customers, CancellationToken cancellationToken)
    {
        var missing = customers.Where(customer => !_grants.ContainsKey(customer)).Distinct().ToList();
        foreach (var customer in missing)
        {
            _grants[customer] = [];
        }

        if (missing.Count > 0)
        {
            foreach (var grant in await store.OpenAsync(tenant, missing, cancellationToken).ConfigureAwait(false))
            {
                _grants[grant.Customer][grant.Id] = _before[grant.Id] = grant;
            }
        }
    }

    public IEnumerable<CreditGrant> Of(CustomerId customer) => _grants[customer].Values;

    public void Put(IEnumerable<CreditGrant> moved)
    {
        foreach (var grant in moved)
        {
            _grants[grant.Customer][grant.Id] = grant;
        }
    }

    /// <summary>Takes up grants that may have ended, each as it was read first.</summary>
    public void Join(IEnumerable<CreditGrant> read)
    {
        foreach (var grant in read.Where(grant => _before.TryAdd(grant.Id, grant)))
        {
            _grants[grant.Customer][grant.Id] = grant;
        }
    }

    /// <summary>
    /// What is to be stored: the grants that moved, by themselves until now too, and of their customers those with a top-up, so that of two who move a customer's credit at the same
    /// time the second sees what the first left. Where a top-up is added, all grants of its customer: whoever moves one of them did not know of it.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="added">Grants that are stored together with it.</param>
    public IReadOnlyList<CreditGrant> MovedUntil(Instant now, params IReadOnlyList<CreditGrant> added)
    {
        foreach (var grants in _grants.Values)
        {
            var latest = LatestOf(grants, now);
            Put([.. grants.Values.Select(grant => grant.AdvancedTo(latest))]);
        }

        var bound = added.Where(grant => grant.TopUp is not null).Select(grant => grant.Customer).ToHashSet();
        return [.. Moved(added).SelectMany(grants => grants.Values).Where(grant => HasMoved(grant) || grant.TopUp is not null || bound.Contains(grant.Customer)).OrderBy(grant => grant.Id.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>The top-ups that what moved makes due, and what is added.</summary>
    /// <param name="added">Grants that are stored together with it.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<BillingEvent> TopUps(IReadOnlyList<CreditGrant> added, Instant now) => _grants
        .Where(customer => IsMoved(customer.Value, customer.Key, added))
        .SelectMany(customer => CreditEvents.TopUps([.. Before(customer.Value)], [.. customer.Value.Values, .. added.Where(grant => grant.Customer == customer.Key)], LatestOf(customer.Value, now)));

    /// <summary>Stores what moved until now and what is added, with what happened to them.</summary>
    public Task<SaveResult> SaveAsync(TenantId tenant, Instant now, IReadOnlyList<CreditGrant> added, CancellationToken cancellationToken)
    {
        List<CreditGrant> moved = [.. MovedUntil(now, added), .. added];
        return store.SaveAsync(tenant, moved, [.. moved.SelectMany(CreditEvents.Of), .. TopUps(added, now)], cancellationToken);
    }

    private IEnumerable<Dictionary<CreditGrantId, CreditGrant>> Moved(IReadOnlyList<CreditGrant> added) => _grants.Where(customer => IsMoved(customer.Value, customer.Key, added)).Select(customer => customer.Value);

    private bool IsMoved(Dictionary<CreditGrantId, CreditGrant> grants, CustomerId customer, IReadOnlyList<CreditGrant> added) =>
        grants.Values.Any(HasMoved) || added.Any(grant => grant.TopUp is not null && grant.Customer == customer);

    // Whoever read the clock before others stored their grants, or whose clock is behind, sees those grants all the same.
    private Instant LatestOf(Dictionary<CreditGrantId, CreditGrant> grants, Instant now) => grants.Values.Concat(Before(grants)).Select(grant => grant.AsOf).Append(now).Max();

    private IEnumerable<CreditGrant> Before(Dictionary<CreditGrantId, CreditGrant> grants) => grants.Keys.Select(id => _before.GetValueOrDefault(id)).OfType<CreditGrant>();

    private bool HasMoved(CreditGrant grant) => !ReferenceEquals(grant, _before.GetValueOrDefault(grant.Id));
}
