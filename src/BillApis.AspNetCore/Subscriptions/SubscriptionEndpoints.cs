using BillApis.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/subscriptions</c>.</summary>
internal static class SubscriptionEndpoints
{
    public static void MapSubscriptions(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/subscriptions").WithTags("Subscriptions").Requires("subscriptions");
        group.MapPost("", CreateAsync).WithSummary("Subscribe a customer to the newest published version of a plan");
        group.MapGet("", ListAsync).WithSummary("List the subscriptions, newest first");
        group.MapGet("/{id}", GetAsync).WithSummary("Read one subscription");
        group.MapChanges();
        group.MapPost("/{id}/coupons", SubscriptionCoupons.AddAsync).WithSummary("Redeem a coupon, from the next invoice on");
        group.MapDelete("/{id}/coupons/{couponId}", SubscriptionCoupons.RemoveAsync).WithSummary("Take a coupon off");
        group.MapGet("/{id}/history", ListHistoryAsync).WithSummary("What happened to a subscription, oldest first");
        group.MapGet("/{id}/upcoming-invoice", GetUpcomingAsync).WithSummary("Preview the next invoice with the usage so far");
        group.MapGet("/{id}/upcoming-invoice/explain", ExplainEndpoints.UpcomingAsync).WithSummary("Trace every line of the next invoice back to its price and usage");
        group.MapGet("/{id}/usage", SubscriptionUsage.GetAsync).WithSummary("The usage of the current period, what it costs so far, and a projection");
    }

    internal static async Task<Created<SubscriptionResponse>> CreateAsync(Body<SubscriptionRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var request = await WithAmountsAsync(SubscriptionRequest.Of(body), body.Value, caller, billing, cancellationToken).ConfigureAwait(false);
        var created = await billing.Subscriptions.CreateAsync(caller.Tenant, request, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"subscriptions/{created.Id}", await ResponseAsync(billing, created, clock, cancellationToken).ConfigureAwait(false));
    }

    // Amounts of the contract are in the customer's currency.
    private static async Task<NewSubscription> WithAmountsAsync(NewSubscription request, SubscriptionRequest sent, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        if (sent.MinimumCommitment is null && sent.UsageThreshold is null)
        {
            return request;
        }

        var currency = (await billing.Customers.GetAsync(caller.Tenant, request.Customer, cancellationToken).ConfigureAwait(false)).Currency;
        return request with
        {
            Commitment = sent.MinimumCommitment?.ToCommitment(currency),
            UsageThreshold = sent.UsageThreshold is { } threshold ? MoneyCheck.Exactly("usage_threshold", threshold, currency) : null,
        };
    }

    internal static async Task<Page<SubscriptionResponse>> ListAsync(Query<SubscriptionQuery> query, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var filter = query.Value.ToStoreQuery().With("status", Wire.Name(query.Value.Status))
            .With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, query.Value.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString())
            .With("plan_id", (await References.PlanAsync(billing, caller.Tenant, query.Value.PlanId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        var page = await billing.Subscriptions.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false);
        var items = new List<SubscriptionResponse>();
        foreach (var subscription in page.Items)
        {
            items.Add(await ResponseAsync(billing, subscription, clock, cancellationToken).ConfigureAwait(false));
        }

        return new Page<SubscriptionResponse>(items, page.Next);
    }

    internal static async Task<SubscriptionResponse> GetAsync(string id, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        await ResponseAsync(billing, await billing.Subscriptions.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), clock, cancellationToken).ConfigureAwait(false);

    internal static async Task<Page<HistoryResponse>> ListHistoryAsync(string id, Caller caller, Billing billing, IOutboxStore outbox, CancellationToken cancellationToken)
    {
        var subscription = await billing.Subscriptions.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var entries = subscription.Timeline.Entries.Select(HistoryResponse.From).ToList();
        var recorded = entries.Select(entry => entry.Type).ToHashSet(StringComparer.Ordinal);
        var others = (await outbox.OfSubjectAsync(caller.Tenant, subscription.Id.ToString(), cancellationToken).ConfigureAwait(false)).Where(item => !recorded.Contains(item.Event.Type));
        return new Page<HistoryResponse>([.. others.Select(item => new HistoryResponse(item.Event.Type, item.Event.At)).Concat(entries).OrderBy(item => item.At)], null);
    }

    internal static async Task<InvoiceResponse> GetUpcomingAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        await billing.Previews.UpcomingAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false) is { } invoice
            ? InvoiceResponse.From(invoice)
            : throw BillingException.NotFound("upcoming invoice of the subscription", id);

    internal static async Task<SubscriptionResponse> ResponseAsync(Billing billing, Subscription subscription, IClock clock, CancellationToken cancellationToken) =>
        SubscriptionResponse.From(subscription, await billing.Subscriptions.ScheduleAsync(subscription, cancellationToken).ConfigureAwait(false), clock.GetCurrentInstant());
}
