using NodaTime;

namespace BillApis;

/// <summary>The parties that are billed.</summary>
public sealed class Customers : MasterData<Customer>
{
    private readonly IStore<Subscription> _subscriptions;
    private readonly FindCustomers _find;
    private readonly CustomerDirectory _directory;
    private readonly IStore<LegalEntity> _entities;

    internal Customers(IStore<Customer> store, IStore<Subscription> subscriptions, FindCustomers find, CustomerDirectory directory, IStore<LegalEntity> entities, IClock clock) : base(store, clock) =>
        (_subscriptions, _find, _directory, _entities) = (subscriptions, find, directory, entities);

    private protected override void Saved(TenantId tenant) => _directory.Forget();

    private protected override async Task<string?> UsedByAsync(Customer item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", item.Id.ToString());
        return await _subscriptions.FirstAsync(item.Tenant, query, subscription => !subscription.IsOver, cancellationToken).ConfigureAwait(false) is { } user
            ? $"the subscription '{user.Id}'"
            : null;
    }

    // Usage is sent under any of the names: each must mean one customer.
    private protected override async Task CheckReferencesAsync(Customer item, CancellationToken cancellationToken)
    {
        if (item.LegalEntity is { } entity)
        {
            await _entities.GetAsync(item.Tenant, LegalEntity.Kind, entity.ToString(), cancellationToken).ConfigureAwait(false);
        }

        string[] names = item.ExternalId is { } external ? [.. item.Aliases, external] : [.. item.Aliases];
        if (names.Length == 0)
        {
            return;
        }

        foreach (var (name, customer) in await _find(item.Tenant, names, cancellationToken).ConfigureAwait(false))
        {
            if (customer != item.Id)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"There is a customer with {(name == item.ExternalId ? "external_id" : "the alias or external_id")} '{name}' already.");
            }
        }
    }

    private protected override Task CheckChangeAsync(Customer before, Customer after, CancellationToken cancellationToken) =>
        before.Currency == after.Currency
            ? CheckReferencesAsync(after, cancellationToken)
            : throw new BillingException(BillingErrorCode.Conflict, $"The currency of the customer '{before.Id}' is {before.Currency} and cannot change; create another customer for {after.Currency}.");
}
