using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

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
    public Subscription? SubscriptionOf(InvoiceLine line, Invoice bill) => Subscriptions.FirstOrDefault(subscription => subscription.Id == (line.Subscription ?? bill.Subscription));

    /// <summary>The price that made a line, with the terms that the subscription had agreed to: in advance, those of the instant that was billed, whatever time is charged, and of what is given back those before it; in arrears, those of the time.</summary>
    /// <param name="line">The line.</param>
    /// <param name="bill">The invoice that has it; of one that was issued again, the first.</param>
    public Price? Find(InvoiceLine line, Invoice bill)
    {
        if (line.Price is not { } id || !Prices.TryGetValue(id, out var price))
        {
            return null;
        }

        var at = line is { InAdvance: false, Period: { } period } ? period.Start : line.Kind is LineKind.UnusedTime ? bill.CreatedAt - Duration.Epsilon : bill.CreatedAt;
        Price At(Timeline known) => known.StateAt(at).Prices.GetValueOrDefault(price.Code) is { } agreed ? price with { Terms = agreed } : price;
        var found = SubscriptionOf(line, bill) is { } subscription ? KnownTo(bill, subscription.Timeline).Select(At).ToList() : [price];
        var charged = line.Kind is LineKind.Minimum or LineKind.Maximum ? bill.Lines.FirstOrDefault(other => BoundedLines.IsOf(other, line)) : line;
        return found.Find(candidate => IsOf(charged, candidate)) ?? found[0];
    }

    /// <summary>What a bill may have known of a timeline, the most first: what was recorded as it was issued, on a clock that stands, may have been recorded before it or after.</summary>
    public static IEnumerable<Timeline> KnownTo(Invoice bill, Timeline timeline)
    {
        var known = bill.IssuedAt is { } issued ? [.. timeline.Entries.TakeWhile(entry => entry.RecordedAt <= issued)] : timeline.Entries;
        yield return (timeline with { Entries = known }).KnownAt(bill.CreatedAt);
        for (var left = known.Length - 1; left >= 0 && known[left].RecordedAt == bill.IssuedAt; left--)
        {
            yield return (timeline with { Entries = known[..left] }).KnownAt(bill.CreatedAt);
        }
    }

    private static bool IsOf(InvoiceLine? line, Price price) => line is { Metric: null, Kind: LineKind.Flat or LineKind.Seat }
        && PeriodParts.Part(Rating.Rate(price.Terms.In(line.Amount.Currency), new RatingInput(line.Quantity)).Amount, line.Factor, line.Before, line.Amount.Currency) == line.Amount;
}
