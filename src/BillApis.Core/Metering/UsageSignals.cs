using BillApis.Metering;
using BillApis.Storage;

namespace BillApis;

/// <summary>Tells those who follow usage that there is more of it.</summary>
internal sealed class UsageSignals(ChangeFeed changes, SpendWatch spend)
{
    /// <summary>Events are stored, or will be once the caller commits.</summary>
    public void Appended(TenantId tenant, IReadOnlyList<StampedEvent> stored) => Publish(tenant, CustomersOf(stored));

    /// <summary>Events are stored: what was spent moves before their sender is answered.</summary>
    public Task ArrivedAsync(TenantId tenant, IReadOnlyList<StampedEvent> stored)
    {
        var customers = CustomersOf(stored);
        Publish(tenant, customers);
        return spend.ArrivedAsync(tenant, customers);
    }

    /// <summary>What was said of an event later may be another customer's.</summary>
    public async Task<StoredEvent> CorrectedAsync(TenantId tenant, StoredEvent corrected)
    {
        changes.Publish(new Change(tenant, null, IsUsage: true));
        if (corrected.Customer is { } customer)
        {
            await spend.ArrivedAsync(tenant, [customer]).ConfigureAwait(false);
        }

        return corrected;
    }

    /// <summary>Totals were set to what their events give.</summary>
    public void Rebuilt(TenantId tenant) => changes.Publish(new Change(tenant, null, IsUsage: true));

    private void Publish(TenantId tenant, HashSet<CustomerId> customers)
    {
        foreach (var customer in customers)
        {
            changes.Publish(new Change(tenant, customer, IsUsage: true));
        }
    }

    private static HashSet<CustomerId> CustomersOf(IReadOnlyList<StampedEvent> stored)
    {
        var customers = new HashSet<CustomerId>();
        foreach (var item in stored)
        {
            if (item.Customer is { } customer)
            {
                customers.Add(customer);
            }
        }

        return customers;
    }
}
