using BillApis.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Ledger;

/// <summary>Carries out <c>ledger.posting</c>: what was stored with its cause goes into the ledger, as often as it is tried but once.</summary>
internal static class PostingHandler
{
    public static void AddLedger(this IServiceCollection services)
    {
        if (services.All(service => service.ServiceType != typeof(Books)))
        {
            services.AddSingleton<Books>();
            services.AddRevenue();
            services.AddSingleton(provider => new OutboxHandler(LedgerPosting.Type, (tenant, events, cancellationToken) => PostAsync(provider.GetRequiredService<ILedger>(), tenant, events, cancellationToken)));
        }
    }

    private static async Task PostAsync(ILedger ledger, TenantId tenant, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken)
    {
        var refused = new List<string>();
        foreach (var batch in Batches(events))
        {
            var results = await ledger.PostAsync(tenant, batch, cancellationToken).ConfigureAwait(false);
            refused.AddRange(batch.Zip(results).Where(item => !item.Second.IsStored()).Select(item => $"{item.First.Id} of {item.First.Cause}: {item.Second}"));
        }

        if (refused.Count > 0)
        {
            throw new InvalidOperationException($"The ledger refused {string.Join(", ", refused)}.");
        }
    }

    // An event's transfers are one chain, which must not be torn.
    private static IEnumerable<List<Transfer>> Batches(IReadOnlyList<BillingEvent> events)
    {
        var batch = new List<Transfer>();
        foreach (var transfers in events.Select(LedgerPosting.Read))
        {
            if (batch.Count + transfers.Length > ILedger.BatchSize)
            {
                yield return batch;
                batch = [];
            }

            batch.AddRange(transfers);
        }

        yield return batch;
    }
}
