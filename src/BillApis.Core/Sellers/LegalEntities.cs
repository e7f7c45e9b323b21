using NodaTime;

namespace BillApis;

/// <summary>The companies that sell.</summary>
public sealed class LegalEntities(IStore<LegalEntity> store, IStore<Customer> customers, Settings settings, IClock clock) : MasterData<LegalEntity>(store, clock)
{
    private readonly IStore<LegalEntity> _store = store;

    // Two entities must not share a series: each has to be without gaps for itself.
    private protected override async Task CheckReferencesAsync(LegalEntity item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize };
        if (await _store.FirstAsync(item.Tenant, query, other => other.Id != item.Id && other.Series.Intersect(item.Series, StringComparer.Ordinal).Any(), cancellationToken).ConfigureAwait(false) is { } other)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The legal_entity '{other.Code}' has the series {string.Join(" and ", other.Series.Intersect(item.Series, StringComparer.Ordinal))} already.");
        }
    }

    private protected override async Task<string?> UsedByAsync(LegalEntity item, CancellationToken cancellationToken)
    {
        if ((await settings.GetAsync(item.Tenant, cancellationToken).ConfigureAwait(false)).LegalEntity == item.Id)
        {
            return "the settings";
        }

        var query = new StoreQuery { Limit = 1 }.With("legal_entity_id", item.Id.ToString()).With("archived", "false");
        return (await customers.ListAsync(item.Tenant, query, cancellationToken).ConfigureAwait(false)).Items is [var user, ..] ? $"the customer '{user.Id}'" : null;
    }
}
