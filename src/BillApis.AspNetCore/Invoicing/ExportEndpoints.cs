using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>What <c>billapis verify</c> takes: an invoice with all that it follows from, and its events.</summary>
internal static class ExportEndpoints
{
    private const string Json = "application/json; charset=utf-8";
    private const string Lines = "application/x-ndjson; charset=utf-8";

    public static void MapExports(this IEndpointRouteBuilder api)
    {
        var invoices = api.MapGroup("/invoicing/invoices").WithTags("Invoicing").Requires("invoices");
        invoices.MapGet("/{id}/export", InvoiceAsync).WithSummary("The invoice with its prices, terms, timeline, credits and taxes, in canonical JSON").WithMetadata(new FileType(Json));
        invoices.MapGet("/{id}/events", EventsAsync).WithSummary("The events that the invoice was counted from, one a line").WithMetadata(new FileType(Lines));
    }

    internal static async Task<FileResult> InvoiceAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        new(await billing.Exports.InvoiceAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), Json, "invoice.json");

    internal static async Task<FileResult> EventsAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        new(await billing.Exports.EventsAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false), Lines, "events.ndjson");
}
