using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Reads what was used for charges, in the form that their prices look at: one quantity, groups, or single events.</summary>
internal sealed class ChargedUsageReader(IStore<Metric> metrics, IUsageStore store)
{
    /// <summary>What a charge asks for.</summary>
    public async Task<UsageRequest> RequestAsync(TenantId tenant, Charge charge, CustomerId customer, Subscription? subscription, CancellationToken cancellationToken)
    {
        var id = charge.Price.Metric!.Value.ToString();
        return Of(await metrics.FindAsync(tenant, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, id), charge, customer, subscription);
    }

    /// <summary>What charges of subscriptions ask for, in their order; each metric is read once.</summary>
    public async Task<List<(Charge Charge, UsageRequest Request)>> RequestsAsync(TenantId tenant, IReadOnlyList<(Charge Charge, Subscription Subscription)> charges, CancellationToken cancellationToken)
    {
        var ids = charges.Select(item => item.Charge.Price.Metric!.Value).Distinct().Select(id => id.ToString()).ToList();
        var known = (await metrics.FindManyAsync(tenant, ids, cancellationToken).ConfigureAwait(false)).ToDictionary(metric => metric.Id);
        return [.. charges.Select(item => (item.Charge, Of(
            known.GetValueOrDefault(item.Charge.Price.Metric!.Value) ?? throw BillingException.NotFound(Metric.Kind, item.Charge.Price.Metric.Value.ToString()), item.Charge, item.Subscription.Customer, item.Subscription)))];
    }

    private static UsageRequest Of(Metric metric, Charge charge, CustomerId customer, Subscription? subscription) => new(metric, customer, charge.Period)
    {
        Subscription = subscription?.Id, GroupBy = charge.Price.Terms.Dimensions, Zone = subscription?.Timeline.ZoneAt(charge.Period.Start) ?? DateTimeZone.Utc, Whole = charge.Full,
        CarriedFrom = subscription?.Timeline.CarriedFrom(charge.CarriedFrom) ?? charge.CarriedFrom,
    };

    /// <summary>Ends the time in which usage counts for these periods.</summary>
    public Task CloseAsync(TenantId tenant, IReadOnlyList<ClosedPeriod> periods, CancellationToken cancellationToken) =>
        periods.Count == 0 ? Task.CompletedTask : store.ClosePeriodsAsync(tenant, periods, cancellationToken);

    /// <summary>What was used, in the order asked; quantities come from the totals, all in one go.</summary>
    public async Task<IReadOnlyList<RatingInput>> ReadAsync(TenantId tenant, IReadOnlyList<(Charge Charge, UsageRequest Request)> asked, CancellationToken cancellationToken)
    {
        var totals = asked.Where(item => !item.Charge.Price.Terms.Model.NeedsEvents).Select(item => item.Request).ToList();
        var readings = new Queue<UsageReading>(totals.Count == 0 ? [] : await store.ReadAsync(tenant, totals, cancellationToken).ConfigureAwait(false));
        var inputs = new List<RatingInput>(asked.Count);
        foreach (var (charge, request) in asked)
        {
            inputs.Add(charge.Price.Terms.Model.NeedsEvents
                ? OfEvents(charge, request, await store.ReadEventsAsync(tenant, request, cancellationToken).ConfigureAwait(false))
                : OfTotals(charge, readings.Dequeue()));
        }

        return inputs;
    }

    /// <summary>What events that need not be stored come to.</summary>
    public static RatingInput Simulate(Charge charge, UsageRequest request, IReadOnlyList<UsageEvent> events) =>
        charge.Price.Terms.Model.NeedsEvents ? OfEvents(charge, request, events) : OfTotals(charge, UsageCalculator.Read(request, events));

    /// <summary>What a reading of the totals is to a price that does not look at single events.</summary>
    internal static RatingInput OfTotals(Charge charge, UsageReading reading) => charge.Price.Terms.Dimensions.IsEmpty
        ? new RatingInput(reading.Groups.Single().Value)
        : RatingInput.Of([.. reading.Groups.Select(group => new RatingEvent(0, group.Value, Known(group.Dimensions.Values())))]);

    // A dynamic price may name the property that carries the amount; the metric measures it otherwise.
    private static RatingInput OfEvents(Charge charge, UsageRequest request, IReadOnlyList<UsageEvent> events)
    {
        var property = (charge.Price.Terms.Model as DynamicPrice)?.AmountProperty;
        return RatingInput.Of([.. MeasuredEvent.Of(request, events).Select(item =>
        {
            var amount = property is null ? item.Value : AmountOf(item.Event, property);
            return new RatingEvent(amount, amount, Known(charge.Price.Terms.Dimensions.Select(name => KeyValuePair.Create(name, item.Event.Properties[name] is { Kind: not PropertyKind.Null } value ? value.Text : null))));
        })]);
    }

    private static decimal AmountOf(UsageEvent item, string property) => item.Properties[property].TryNumber(out var amount)
        ? amount
        : throw BillingException.Field($"properties.{property}", $"must be an amount in the event '{item.Id}'");

    private static ImmutableSortedDictionary<string, string> Known(IEnumerable<KeyValuePair<string, string?>> values) =>
        values.Where(item => item.Value is not null).Select(item => KeyValuePair.Create(item.Key, item.Value!)).ToImmutableSortedDictionary(StringComparer.Ordinal);
}
