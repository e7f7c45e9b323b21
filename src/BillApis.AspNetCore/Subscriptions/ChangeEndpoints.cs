using System.Globalization;
using BillApis.Invoicing;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>What becomes of a subscription: each change answers what it made, or with <c>preview</c> would make, of it and of its bills.</summary>
internal static class ChangeEndpoints
{
    public static void MapChanges(this RouteGroupBuilder group)
    {
        group.MapPost("/{id}/cancel", CancelAsync).WithSummary("End a subscription: with the period that runs, at once, or at an instant");
        group.MapPost("/{id}/reactivate", ReactivateAsync).WithSummary("Let one that ended go on, or take back an end that is ahead");
        group.MapPost("/{id}/renew", RenewAsync).WithSummary("Give a fixed term another end");
        group.MapPost("/{id}/change-plan", ChangePlanAsync).WithSummary("Move a subscription to another plan by its plan's transitions");
        group.MapPost("/{id}/change-timezone", ChangeZoneAsync).WithSummary("Count a subscription's periods in another zone, from an instant on");
        group.MapPost("/{id}/quantities", ChangeQuantitiesAsync).WithSummary("Charge other quantities");
        group.MapPost("/{id}/price-overrides", ChangePricesAsync).WithSummary("Charge prices by other terms than the plan's");
        group.MapPost("/{id}/add-ons", AddAddOnAsync).WithSummary("Charge a price beside those of the plan");
        group.MapDelete("/{id}/add-ons/{addOn}", RemoveAddOnAsync).WithSummary("Charge an add-on no more");
        group.MapPost("/{id}/pause", PauseAsync).WithSummary("Charge nothing for a while");
        group.MapPost("/{id}/resume", ResumeAsync).WithSummary("Charge it again after a pause, or let it be used again");
        group.MapPost("/{id}/suspend", SuspendAsync).WithSummary("Stop its use; it is charged as before");
        group.MapDelete("/{id}/scheduled-changes/{number}", WithdrawAsync).WithSummary("Withdraw a change that has not taken effect yet");
    }

    internal static Task<SubscriptionResponse> CancelAsync(string id, Body<ChangeRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new Cancel()), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ReactivateAsync(string id, Body<EndRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new Reactivate { EndAt = body.Value.EndAt }), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> RenewAsync(string id, Body<EndRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new Renew(body.Value.EndAt)), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ChangePlanAsync(string id, Body<ChangePlanRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.ToChange(), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ChangeZoneAsync(string id, Body<TimezoneRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new ChangeZone(body.Value.Timezone)), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ChangeQuantitiesAsync(string id, Body<QuantitiesRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new ChangeQuantities(body.Value.Quantities)), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ChangePricesAsync(string id, Body<PriceOverridesRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new ChangePrices(PriceOverrideForm.Of(body.Json))), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> AddAddOnAsync(string id, Body<AddOnRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new AddAddOn(body.Value.PriceId, body.Value.Quantity, body.Value.Cycle is AddOnCycle.Own)), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> RemoveAddOnAsync(string id, string addOn, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, new ChangeRequest(), new RemoveAddOn(addOn), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> PauseAsync(string id, Body<PauseRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new Pause { ResumeAt = body.Value.ResumeAt }), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> ResumeAsync(string id, Body<ChangeRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, body.Value, body.Value.With(new Resume()), caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> SuspendAsync(string id, Body<SuspendRequest> body, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, new ChangeRequest(), new Suspend(body.Value.Cause) { Reason = body.Value.Reason }, caller, billing, clock, cancellationToken);

    internal static Task<SubscriptionResponse> WithdrawAsync(string id, string number, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        AnswerAsync(id, new ChangeRequest(), new Withdraw(Number(number)), caller, billing, clock, cancellationToken);

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw BillingException.Field("number", $"must be a whole number of 0 to {int.MaxValue}");

    private static async Task<SubscriptionResponse> AnswerAsync(string id, ChangeRequest request, SubscriptionChange change, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var changed = request.Preview
            ? await billing.Changes.PreviewAsync(caller.Tenant, id, change, cancellationToken).ConfigureAwait(false)
            : await billing.Changes.ApplyAsync(caller.Tenant, id, change, cancellationToken).ConfigureAwait(false);
        return await SubscriptionEndpoints.ResponseAsync(billing, changed.Subscription, clock, cancellationToken).ConfigureAwait(false) with
        {
            EffectiveAt = changed.At,
            Invoice = changed.Invoice is { } invoice ? InvoiceResponse.From(invoice) : null,
        };
    }
}
