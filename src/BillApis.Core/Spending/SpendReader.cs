using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Computes what was spent on usage: running totals rated as the bill will rate them, so that every unit has the price of its tier.</summary>
/// <remarks>
/// What falls into a span of time is what the charges come to at its end less what they came to at its start; a month and a billing period need not be the same.
/// Minimums are left to the bill, and maximums hold.
/// </remarks>
internal sealed class SpendReader(ISubscriptionStore subscriptions, Plans plans, ChargedUsageReader usage)
{
    /// <summary>All of a month that may hold usage by now; to the end of an hour, since whole hours are read from totals.</summary>
    public static Interval SoFar(Interval month, Instant now)
    {
        var hours = (now + Limits.FutureSkew - Instant.FromUnixTimeSeconds(0)).BclCompatibleTicks / NodaConstants.TicksPerHour;
        return new Interval(month.Start, Instant.Min(month.End, Instant.FromUnixTimeTicks((hours + 1) * NodaConstants.TicksPerHour)));
    }

    /// <summary>What each subscription of a customer spent in a span of time.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, SubscriptionSpend>> ReadAsync(Customer customer, Interval span, CancellationToken cancellationToken) =>
        (await ReadAsync(customer.Tenant, [(await subscriptions.OfCustomersAsync(customer.Tenant, [customer.Id], cancellationToken).ConfigureAwait(false), span)], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>The same for the subscriptions of many customers, in the order asked; usage is read once for all.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<SubscriptionId, SubscriptionSpend>>> ReadAsync(TenantId tenant, IReadOnlyList<(IReadOnlyList<Subscription> Subscriptions, Interval Span)> customers, CancellationToken cancellationToken)
    {
        var asked = new List<(int Place, Subscription Subscription, Charge Charge, int Sign)>();
        foreach (var (place, (owned, span)) in customers.Index())
        {
            foreach (var subscription in owned)
            {
                var schedule = ChargeSchedule.Of(subscription.Timeline, await plans.VersionsAsync(subscription, cancellationToken).ConfigureAwait(false));
                foreach (var charge in Metered(schedule, span))
                {
                    if (Until(charge, span.End) is { } end)
                    {
                        asked.Add((place, subscription, end, 1));
                    }

                    if (Until(charge, span.Start) is { } start)
                    {
                        asked.Add((place, subscription, start, -1));
                    }
                }
            }
        }

        var requests = await usage.RequestsAsync(tenant, [.. asked.Select(item => (item.Charge, item.Subscription))], cancellationToken).ConfigureAwait(false);
        var read = requests.Count == 0 ? [] : await usage.ReadAsync(tenant, requests, cancellationToken).ConfigureAwait(false);
        var spent = asked.Zip(read).ToLookup(item => item.First.Place);
        return [.. customers.Select((_, place) => spent[place].GroupBy(item => (item.First.Subscription.Id, item.First.Subscription.Currency))
            .ToDictionary(group => group.Key.Id, group => Sum(group.Key.Currency, group.Select(item => item.First.Sign * Cost(item.First.Charge, item.Second)))))];
    }

    private static SubscriptionSpend Sum(Currency currency, IEnumerable<decimal> costs) =>
        BillingException.OrTooMuch("What was spent on usage", () => SubscriptionSpend.Of(currency, costs.Sum()));

    /// <summary>What usage costs so far in the period of its charge.</summary>
    internal static decimal Cost(Charge charge, RatingInput used)
    {
        var amount = Rating.Rate(charge.Price.Terms, used).Amount;
        return charge.Price.Terms.MaximumAmount is { } most ? Math.Min(amount, charge.Factor.Apply(most)) : amount;
    }

    // The metered charges of the periods that have a part in the span.
    private static IEnumerable<Charge> Metered(ChargeSchedule schedule, Interval span)
    {
        var charges = new List<Charge>();
        for (Instant? at = span.Start; at < span.End; at = schedule.NextBoundary(at))
        {
            charges.AddRange(schedule.InForceAt(at.Value).Where(charge => charge.Price.IsMetered));
        }

        return charges.DistinctBy(charge => (charge.Price.Id, charge.Period));
    }

    private static Charge? Until(Charge charge, Instant at) => at <= charge.Period.Start ? null : charge with { Period = new Interval(charge.Period.Start, Instant.Min(at, charge.Period.End)) };
}
