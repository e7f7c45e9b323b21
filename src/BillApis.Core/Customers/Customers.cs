using NodaTime;

namespace BillApis;

/// <summary>The parties that are billed.</summary>
public sealed class Customers(IStore<Customer> store, IStore<Subscription> subscriptions, IClock clock) : MasterData<Customer>(store, clock)
{
    private protected override async Task<string?> UsedByAsync(Customer item, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("customer_id", item.Id.ToString());
        return await subscriptions.FirstAsync(item.Tenant, query, subscription => !subscription.IsOver, cancellationToken).ConfigureAwait(false) is { } user
            ? $"the subscription '{user.Id}'"
            : null;
    }

    private protected override Task CheckChangeAsync(Customer before, Customer after, CancellationToken cancellationToken) =>
        before.Currency == after.Currency
            ? Task.CompletedTask
            : throw new BillingException(BillingErrorCode.Conflict, $"The currency of the customer '{before.Id}' is {before.Currency} and cannot change; create another customer for {after.Currency}.");
}
