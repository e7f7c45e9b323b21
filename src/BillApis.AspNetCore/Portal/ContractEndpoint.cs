using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/portal/contracts</c>: what a customer has agreed to pay, which is each subscription's plan under the terms that count for it.</summary>
internal static class ContractEndpoint
{
    internal static async Task<Page<ContractResponse>> ListAsync(Query<Paging> query, Caller caller, Billing billing, IssueTermsReader terms, IClock clock, CancellationToken cancellationToken)
    {
        var own = PortalEndpoints.Own(caller);
        var customer = await billing.Customers.GetAsync(caller.Tenant, own.ToString(), cancellationToken).ConfigureAwait(false);
        var days = (await terms.ReadAsync(caller.Tenant, [customer], cancellationToken).ConfigureAwait(false))[own].PaymentTermsDays;
        var page = await billing.Subscriptions.ListAsync(caller.Tenant, query.Value.ToStoreQuery().With("customer_id", own.ToString()), cancellationToken).ConfigureAwait(false);
        var contracts = new List<ContractResponse>();
        foreach (var subscription in page.Items)
        {
            var schedule = await billing.Subscriptions.ScheduleAsync(subscription, cancellationToken).ConfigureAwait(false);
            var at = Instant.Max(clock.GetCurrentInstant(), subscription.Timeline.StartAt);
            var plan = await billing.Plans.GetAsync(caller.Tenant, subscription.PlanAt(at).Plan.ToString(), cancellationToken).ConfigureAwait(false);
            contracts.Add(ContractResponse.From(subscription, plan, schedule.PlanAt(at), at, days));
        }

        return new Page<ContractResponse>(contracts, page.Next);
    }
}

internal sealed record ContractResponse(
    SubscriptionId SubscriptionId, SubscriptionStatus Status, string PlanCode, string PlanName, int PlanVersion, Currency Currency, Instant StartAt, Instant? EndAt, Instant? TrialEndAt, DateTimeZone Timezone,
    int PaymentTermsDays, CommitmentForm? MinimumCommitment, ImmutableArray<ContractItemResponse> Items, ImmutableArray<AddOnResponse> AddOns, ImmutableArray<RedemptionResponse> Coupons)
{
    /// <summary>As it is at an instant, before which a subscription that is to come has not begun.</summary>
    public static ContractResponse From(Subscription subscription, Plan plan, PlanVersion version, Instant at, int paymentTermsDays)
    {
        var state = subscription.Timeline.StateAt(at);
        return new(
            subscription.Id, subscription.StatusAt(at), plan.Code, plan.Name, version.Number, subscription.Currency, subscription.Timeline.StartAt, subscription.Timeline.EndsAt, subscription.Timeline.TrialEndAt, state.Zone,
            paymentTermsDays, CommitmentForm.From(subscription.Timeline.Commitment ?? version.Commitment),
            [.. version.Items.Select(item => ContractItemResponse.From(item, state))], [.. state.AddOns.Select(AddOnResponse.From)], [.. subscription.Coupons.Select(RedemptionResponse.From)]);
    }
}

/// <summary>One price of a contract.</summary>
/// <param name="Quantity">What is charged where the price has no metric.</param>
/// <param name="Negotiated">Whether the price stands otherwise in the plan.</param>
/// <param name="Price">The price that counts.</param>
internal sealed record ContractItemResponse(decimal Quantity, bool Negotiated, PriceResponse Price)
{
    public static ContractItemResponse From(PlanItem item, TimelineState state)
    {
        var own = state.Prices.GetValueOrDefault(item.Price.Code);
        return new(state.Quantities.GetValueOrDefault(item.Price.Code, item.Quantity), own is not null, PriceResponse.Shown(own is null ? item.Price : item.Price with { Terms = own }));
    }
}
