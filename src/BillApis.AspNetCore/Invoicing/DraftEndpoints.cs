using System.Text.Json;
using BillApis.Invoicing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Changes of <c>/invoicing/invoices</c> that are drafts still.</summary>
internal static class DraftEndpoints
{
    public static void MapDrafts(this IEndpointRouteBuilder api)
    {
        var drafts = api.MapGroup("/invoicing/invoices/{id}").WithTags("Invoicing").Requires("invoices");
        drafts.MapPatch("", DescribeAsync).WithSummary("Change the notes and the purchase order of a draft");
        drafts.MapPost("/lines", AddLineAsync).WithSummary("Add a line to a draft");
        drafts.MapPatch("/lines/{line}", ChangeLineAsync).WithSummary("Change a line of a draft that was added by hand");
        drafts.MapDelete("/lines/{line}", RemoveLineAsync).WithSummary("Take a line off a draft that was added by hand");
    }

    internal static async Task<InvoiceResponse> DescribeAsync(string id, Patch<DraftRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var current = await billing.Invoices.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var sent = patch.Over(JsonSerializer.SerializeToNode(new DraftRequest { Notes = current.Notes, PurchaseOrder = current.PurchaseOrder }, BillingJson.Options)!).Value;
        return InvoiceResponse.From(await billing.Drafts.DescribeAsync(caller.Tenant, id, sent.Notes, sent.PurchaseOrder, caller.Id, cancellationToken).ConfigureAwait(false));
    }

    internal static async Task<Created<InvoiceResponse>> AddLineAsync(string id, Body<InvoiceLineRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var draft = await billing.Drafts.AddLineAsync(caller.Tenant, id, body.Value.ToNew(), caller.Id, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"invoicing/invoices/{draft.Id}", InvoiceResponse.From(draft));
    }

    internal static async Task<InvoiceResponse> ChangeLineAsync(string id, string line, Patch<InvoiceLineRequest> patch, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Drafts.ChangeLineAsync(
            caller.Tenant, id, LineOf(line), before => patch.Over(JsonSerializer.SerializeToNode(InvoiceLineRequest.From(before), BillingJson.Options)!).Value.ToNew(), caller.Id, cancellationToken).ConfigureAwait(false));

    internal static async Task<InvoiceResponse> RemoveLineAsync(string id, string line, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Drafts.RemoveLineAsync(caller.Tenant, id, LineOf(line), caller.Id, cancellationToken).ConfigureAwait(false));

    private static InvoiceLineId LineOf(string reference) =>
        EntityId.TryParse<InvoiceLineId>(reference, out var id) ? id : throw BillingException.NotFound("line of the invoice", reference);
}

internal sealed record DraftRequest
{
    public string? Notes { get; init; }
    public string? PurchaseOrder { get; init; }
}
