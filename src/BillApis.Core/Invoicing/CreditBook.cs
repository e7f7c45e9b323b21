using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>The grants of the customers whose credit is moved, as each step leaves them to the next.</summary>
internal sealed class CreditBook(ICreditStore store)
{
    private readonly Dictionary<CustomerId, Dictionary<CreditGrantId, CreditGrant>> _grants = [];
    private readonly Dictionary<CreditGrantId, CreditGrant> _before = [];

    private IEnumerable<IReadOnlyDictionary<CreditGrantId, CreditGrant>> Moved => _grants.Values.Where(grants => grants.Values.Any(HasMoved));

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

    /// <summary>What is to be stored: the grants that moved, by themselves until now too, and of their customers those with a top-up, so that of two who move a customer's credit at the same time the second sees what the first left.</summary>
    public IReadOnlyList<CreditGrant> MovedUntil(Instant now)
    {
        foreach (var grants in _grants.Values)
        {
            Put([.. grants.Values.Select(grant => grant.AdvancedTo(now))]);
        }

        return [.. Moved.SelectMany(grants => grants.Values).Where(grant => HasMoved(grant) || grant.TopUp is not null).OrderBy(grant => grant.Id.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>The top-ups that what moved makes due.</summary>
    /// <param name="added">Grants that are stored together with it.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<BillingEvent> TopUps(IReadOnlyList<CreditGrant> added, Instant now) => Moved
        .SelectMany(grants => CreditEvents.TopUps([.. grants.Keys.Select(id => _before.GetValueOrDefault(id)).OfType<CreditGrant>()], [.. grants.Values, .. added.Where(grant => grant.Customer == grants.Values.First().Customer)], now));

    private bool HasMoved(CreditGrant grant) => !ReferenceEquals(grant, _before.GetValueOrDefault(grant.Id));
}
