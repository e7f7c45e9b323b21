using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using static BillApis.SubscriptionStatus;

namespace BillApis;

/// <summary>Changes of what one subscription is charged: quantities, terms and add-ons.</summary>
internal static class PriceChanges
{
    public static IReadOnlyList<TimelineEntry> Of(ChangeQuantities change, ChangeContext context)
    {
        context.Require("changed", Pending, Trialing, Active, PastDue);
        if (change.Quantities.IsEmpty)
        {
            throw BillingException.Field("quantities", "must name a price");
        }

        var entry = Entry(TimelineKind.QuantitiesChanged, change, context);
        return [entry with { Quantities = Quantities(change.Quantities, context.PlanAt(entry.At)) }];
    }

    public static IReadOnlyList<TimelineEntry> Of(ChangePrices change, ChangeContext context)
    {
        context.Require("changed", Pending, Trialing, Active, PastDue);
        var entry = Entry(TimelineKind.PricesChanged, change, context);
        return [entry with { Prices = Terms(change.Prices, context.PlanAt(entry.At)) }];
    }

    public static IReadOnlyList<TimelineEntry> Of(AddAddOn change, ChangeContext context)
    {
        context.Require("given an add-on", Pending, Trialing, Active, PastDue);
        Check.Range("quantity", change.Quantity, 0, Limits.Magnitude);
        var price = context.AddOn!;
        Check.Range("add_ons", context.State.AddOns.Length + 1, 0, Limits.ItemsPerPlan);
        var entry = Entry(TimelineKind.AddOnAdded, change, context) with { AddOn = new AddOn(price, change.Quantity, change.OwnCycle) };
        var state = context.Subscription.Timeline.StateAt(entry.At);
        return price.IsMetered && context.Versions[state.Plan].Items.Select(item => item.Price).Concat(state.AddOns.Select(item => item.AddOn!.Price)).Any(charged => charged.Id == price.Id)
            ? throw context.Refused($"is charged for its usage by the price '{price.Code}' already, and that only once")
            : [entry];
    }

    public static IReadOnlyList<TimelineEntry> Of(RemoveAddOn change, ChangeContext context)
    {
        context.Require("changed", Pending, Trialing, Active, PastDue);
        var addOn = context.State.AddOns.FirstOrDefault(item => change.AddOn == item.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) || change.AddOn == item.AddOn!.Price.Code || change.AddOn == item.AddOn.Price.Id.ToString())
            ?? throw BillingException.NotFound("add-on of the subscription", change.AddOn);
        return [Entry(TimelineKind.AddOnRemoved, change, context) with { Entry = addOn.Number }];
    }

    /// <summary>Quantities by the codes of a plan's prices.</summary>
    /// <exception cref="BillingException">One is not a price of the plan, is metered, or out of range.</exception>
    public static ImmutableSortedDictionary<string, decimal> Quantities(ImmutableSortedDictionary<string, decimal> asked, PlanVersion plan)
    {
        var quantities = ImmutableSortedDictionary.CreateBuilder<string, decimal>(StringComparer.Ordinal);
        foreach (var (reference, quantity) in asked)
        {
            var price = PriceOf($"quantities.{reference}", reference, plan);
            if (price.Metric is not null)
            {
                throw BillingException.Field($"quantities.{reference}", "is a metered price; its quantity is counted");
            }

            Check.Range($"quantities.{reference}", quantity, 0, Limits.Magnitude);
            quantities[price.Code] = quantity;
        }

        return quantities.ToImmutable();
    }

    /// <summary>Terms by the codes of a plan's prices.</summary>
    /// <exception cref="BillingException">One is not a price of the plan, or in another currency.</exception>
    public static ImmutableSortedDictionary<string, PriceTerms> Terms(ImmutableSortedDictionary<string, PriceTerms> asked, PlanVersion plan)
    {
        var terms = ImmutableSortedDictionary.CreateBuilder<string, PriceTerms>(StringComparer.Ordinal);
        foreach (var (reference, own) in asked)
        {
            var price = PriceOf($"price_overrides.{reference}", reference, plan);
            if (own.Currency != price.Terms.Currency || own.Interval != price.Terms.Interval)
            {
                throw BillingException.Field($"price_overrides.{reference}", $"must be in {price.Terms.Currency} and recur as the price does");
            }

            terms[price.Code] = own.Validated($"price_overrides.{reference}");
        }

        return terms.ToImmutable();
    }

    private static TimelineEntry Entry(TimelineKind kind, SubscriptionChange change, ChangeContext context) =>
        ChangeEntries.Entry(kind, context.EffectiveAt(change, ChangeWhen.Immediate), change, context);

    private static Price PriceOf(string field, string reference, PlanVersion plan) =>
        plan.Items.Select(item => item.Price).FirstOrDefault(price => price.Code == reference || price.Id.ToString() == reference) ?? throw BillingException.Field(field, "is not a price of the plan");
}
