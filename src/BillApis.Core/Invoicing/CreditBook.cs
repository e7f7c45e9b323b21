using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>The grants of the customers that are being billed, as each invoice leaves them to the next.</summary>
internal sealed class CreditBook(ICreditStore store)
{
    private readonly Dictionary<CustomerId, Dictionary<CreditGrantId, CreditGrant>> _grants = [];
    private readonly Dictionary<CreditGrantId, CreditGrant> _before = [];

    /// <summary>The grants that were used.</summary>
    public IEnumerable<CreditGrant> Used => _grants.Values.SelectMany(grants => grants.Values).Where(grant => !grant.Entries.IsEmpty).OrderBy(grant => grant.Id.ToString(), StringComparer.Ordinal);

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

    public void Put(IEnumerable<CreditGrant> used)
    {
        foreach (var grant in used)
        {
            _grants[grant.Customer][grant.Id] = grant;
        }
    }

    /// <summary>The top-ups that what was used makes due.</summary>
    public IEnumerable<BillingEvent> TopUps(Instant at) => _grants.Values
        .Where(grants => grants.Values.Any(grant => !grant.Entries.IsEmpty))
        .SelectMany(grants => CreditEvents.TopUps([.. grants.Keys.Select(id => _before[id])], [.. grants.Values], at));
}
