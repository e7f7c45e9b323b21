using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis;

/// <summary>Finds the prices that an invoice was made with: those of the plan's versions, else as they are kept; what was published never changes.</summary>
internal sealed class BilledPrices(IStore<Subscription> subscriptions, IStore<Plan> plans, IStore<Price> prices)
{
    /// <summary>The prices of an invoice's lines.</summary>
    public async Task<BilledPriceList> OfAsync(Invoice invoice, CancellationToken cancellationToken)
    {
        var (billed, found) = (new List<Subscription>(), new Dictionary<PriceId, Price>());
        foreach (var id in invoice.Subscriptions())
        {
            if (await subscriptions.FindAsync(invoice.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is not { } subscription)
            {
                continue;
            }

            billed.Add(subscription);
            var plan = await plans.FindAsync(invoice.Tenant, subscription.Plan.ToString(), cancellationToken).ConfigureAwait(false);
            foreach (var price in (plan?.Versions.OrderByDescending(version => version.Number == subscription.PlanVersion).SelectMany(version => version.Items) ?? []).Select(item => item.Price))
            {
                found.TryAdd(price.Id, price);
            }
        }

        foreach (var price in invoice.Lines.Select(line => line.Price).OfType<PriceId>().Distinct().Where(price => !found.ContainsKey(price)).ToList())
        {
            if (await prices.FindAsync(invoice.Tenant, price.ToString(), cancellationToken).ConfigureAwait(false) is { } kept)
            {
                found[price] = kept;
            }
        }

        return new BilledPriceList([.. billed], found);
    }
}

/// <summary>The prices that an invoice was made with, and its subscriptions; none for a one-off.</summary>
internal sealed record BilledPriceList(ImmutableArray<Subscription> Subscriptions, IReadOnlyDictionary<PriceId, Price> Prices)
{
    /// <summary>The subscription that a line bills; null where it bills none.</summary>
    public Subscription? SubscriptionOf(InvoiceLine line) => line.Subscription is { } id ? Subscriptions.FirstOrDefault(subscription => subscription.Id == id) : Subscriptions.Length == 1 ? Subscriptions[0] : null;

    /// <summary>The price that made a line, with the terms that the subscription had agreed to then; of what is given back, as the line was billed that it is given back of.</summary>
    public Price? Find(InvoiceLine line) => line.Price is not { } id || !Prices.TryGetValue(id, out var price) ? null
        : (line.GivesBack is null ? line.Period : line.Full ?? line.Period) is { } period && SubscriptionOf(line)?.Timeline.StateAt(period.Start).Prices.GetValueOrDefault(price.Code) is { } agreed ? price with { Terms = agreed }
        : price;
}
