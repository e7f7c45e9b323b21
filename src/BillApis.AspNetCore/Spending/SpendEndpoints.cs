using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/spend-control</c>: how much customers may spend in a month, and how much they did.</summary>
internal static class SpendEndpoints
{
    public static void MapSpendControl(this IEndpointRouteBuilder api)
    {
        var control = api.MapGroup("/spend-control").WithTags("Spend control").Requires("spend-control");
        control.MapPost("/limits", CreateAsync).WithSummary("Limit what a customer, or one subscription, may spend on usage in a month");
        control.MapGet("/limits", ListAsync).WithSummary("List the spend limits, newest first");
        control.MapGet("/limits/{id}", GetAsync).WithSummary("Read one spend limit and how its month goes");
        control.MapPatch("/limits/{id}", ChangeAsync).WithSummary("Change a spend limit; raising it resumes what it stopped");
        control.MapPost("/limits/{id}/reset", ResetAsync).WithSummary("Count anew from what was spent until now; resumes what the limit stopped");
        control.MapDelete("/limits/{id}", DeleteAsync).WithSummary("Take a spend limit away; resumes what it stopped");
        control.MapGet("/status", GetStatusAsync).WithSummary("What a customer spent in this month, how near its limit is, and what the month will come to");
    }

    internal static async Task<Created<SpendLimitResponse>> CreateAsync(Body<SpendLimitRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = body.Value;
        var customer = (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))!;
        var limit = await billing.SpendLimits.CreateAsync(
            caller.Tenant,
            new NewSpendLimit(sent.CustomerId, MoneyCheck.Exactly("monthly_limit", sent.MonthlyLimit, sent.Currency ?? customer.Currency))
            {
                Subscription = await SubscriptionAsync(sent.SubscriptionId, caller, billing, cancellationToken).ConfigureAwait(false),
                Thresholds = sent.AlertThresholds ?? [],
                Action = sent.ActionOnExceed,
            },
            cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"spend-control/limits/{limit.Id}", SpendLimitResponse.From(limit));
    }

    internal static async Task<Page<SpendLimitResponse>> ListAsync(Query<SpendLimitQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var filter = query.Value.ToStoreQuery().With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, query.Value.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        return (await billing.SpendLimits.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(SpendLimitResponse.From);
    }

    internal static async Task<SpendLimitResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SpendLimitResponse.From(await billing.SpendLimits.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<SpendLimitResponse> ChangeAsync(string id, Patch<SpendLimitChange> patch, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        SpendLimit Changed(SpendLimit limit)
        {
            var sent = patch.Over(JsonSerializer.SerializeToNode(SpendLimitChange.From(limit), BillingJson.Options)!).Value;
            return sent.Currency == limit.Monthly.Currency
                ? limit with { Monthly = MoneyCheck.Exactly("monthly_limit", sent.MonthlyLimit, sent.Currency), Thresholds = sent.AlertThresholds, Action = sent.ActionOnExceed }
                : throw BillingException.Field("currency", $"is {limit.Monthly.Currency} and cannot change; create another limit");
        }

        return SpendLimitResponse.From(await billing.SpendLimits.UpdateAsync(caller.Tenant, id, Changed, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<SpendLimitResponse> ResetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SpendLimitResponse.From(await billing.SpendLimits.ResetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<SpendLimitResponse> DeleteAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        SpendLimitResponse.From(await billing.SpendLimits.DeleteAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<SpendStatusResponse> GetStatusAsync(Query<SpendStatusQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var subscription = await SubscriptionAsync(query.Value.SubscriptionId, caller, billing, cancellationToken).ConfigureAwait(false);
        return SpendStatusResponse.From(await billing.SpendLimits.StatusAsync(caller.Tenant, query.Value.CustomerId, subscription, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<SubscriptionId?> SubscriptionAsync(string? id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        id is null ? null : (await billing.Subscriptions.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false)).Id;
}
