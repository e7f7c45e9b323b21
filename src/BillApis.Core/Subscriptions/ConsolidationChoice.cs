using BillApis.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis;

/// <summary>Has subscriptions follow what their customer says about billing them together. Harmless to repeat.</summary>
internal sealed class ConsolidationChoice(ISubscriptionStore subscriptions, IStore<Customer> customers)
{
    /// <summary>Has it done after every change of a customer.</summary>
    public static void AddHandler(IServiceCollection services)
    {
        services.AddSingleton<ConsolidationChoice>();
        services.AddSingleton(provider => new OutboxHandler("customer.updated", (tenant, events, cancellationToken) => provider.GetRequiredService<ConsolidationChoice>().FollowAsync(tenant, events, cancellationToken)));
    }

    public async Task FollowAsync(TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        foreach (var id in events.Select(item => item.SubjectId).Distinct())
        {
            if (await customers.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) is not { } customer)
            {
                continue;
            }

            await foreach (var subscription in subscriptions.OfCustomerAsync(customer, cancellationToken).ConfigureAwait(false))
            {
                if ((subscription.ConsolidateInvoices ?? customer.ConsolidateInvoices) != subscription.IsConsolidated)
                {
                    await subscriptions.ChangeAsync<Subscription>(
                        tenant,
                        "subscription",
                        subscription.Id.ToString(),
                        found => Task.FromResult<(Subscription, IReadOnlyList<BillingEvent>)>((found with { IsConsolidated = found.ConsolidateInvoices ?? customer.ConsolidateInvoices }, [])),
                        cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
