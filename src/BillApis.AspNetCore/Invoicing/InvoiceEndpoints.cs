using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/invoicing/invoices</c>.</summary>
internal static class InvoiceEndpoints
{
    public static void MapInvoices(this IEndpointRouteBuilder api)
    {
        var invoices = api.MapGroup("/invoicing/invoices").WithTags("Invoicing").Requires("invoices");
        invoices.MapPost("", CreateAsync).WithSummary("Draft an invoice over one-off charges");
        invoices.MapGet("", ListAsync).WithSummary("List the invoices, newest first");
        invoices.MapGet("/{id}", GetAsync).WithSummary("Read one invoice by id or number");
        invoices.MapGet("/{id}/explain", ExplainEndpoints.InvoiceAsync).WithSummary("Trace every line back to its price, tiers, quantity, proration and usage");
        invoices.MapPost("/{id}/issue", IssueAsync).WithSummary("Freeze a draft, number it and post it");
        invoices.MapPost("/{id}/cancel", CancelAsync).WithSummary("Withdraw a draft, or an invoice on which nothing was paid");
        invoices.MapPost("/{id}/write-off", WriteOffAsync).WithSummary("Give up on what is still due");
        invoices.MapPost("/{id}/send", SendAsync).WithSummary("Send an issued invoice to the customer, or to another address");
        invoices.MapPost("/{id}/reissue", ReissueAsync).WithSummary("Withdraw an invoice on which nothing was paid and draft another in its place");
        invoices.MapPost("/{id}/payments", PayAsync).WithSummary("Record money that came in outside of any processor");
    }

    internal static async Task<Created<InvoiceResponse>> CreateAsync(Body<InvoiceRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var invoice = await billing.Invoices.CreateAsync(caller.Tenant, body.Value.ToNew(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"invoicing/invoices/{invoice.Id}", InvoiceResponse.From(invoice));
    }

    internal static async Task<Page<InvoiceResponse>> ListAsync(Query<InvoiceQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var filter = sent.ToStoreQuery().With("status", Wire.Name(sent.Status)).With("currency", sent.Currency?.Code).With("kind", Wire.Name(sent.Kind)).With("subscription_id", sent.SubscriptionId)
            .With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        return (await billing.Invoices.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(InvoiceResponse.From);
    }

    internal static async Task<InvoiceResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Invoices.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<InvoiceResponse> IssueAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Invoices.IssueAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<InvoiceResponse> CancelAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Invoices.CancelAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<InvoiceResponse> WriteOffAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Invoices.WriteOffAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<InvoiceResponse> SendAsync(string id, Body<SendRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await billing.Invoices.SendAsync(caller.Tenant, id, body.Value.Email, cancellationToken).ConfigureAwait(false));

    internal static async Task<Created<InvoiceResponse>> ReissueAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var draft = await billing.Invoices.ReissueAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"invoicing/invoices/{draft.Id}", InvoiceResponse.From(draft));
    }

    internal static async Task<Created<InvoiceResponse>> PayAsync(string id, Body<PaymentRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var paid = await billing.Invoices.PayAsync(caller.Tenant, id, body.Value.Amount, body.Value.Reference, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"invoicing/invoices/{paid.Id}", InvoiceResponse.From(paid));
    }
}

internal sealed record InvoiceRequest
{
    public required string CustomerId { get; init; }
    public required Currency Currency { get; init; }
    public required ImmutableArray<InvoiceLineRequest> Lines { get; init; }
    public string? Notes { get; init; }
    public string? PurchaseOrder { get; init; }

    public NewInvoice ToNew() => new(CustomerId, Currency, [.. Lines.Select((line, index) => line.ToNew($"lines[{index}]."))]) { Notes = Notes, PurchaseOrder = PurchaseOrder };
}

internal sealed record InvoiceLineRequest
{
    public required string Description { get; init; }
    public required decimal UnitAmount { get; init; }
    public decimal Quantity { get; init; } = 1;
    public string? TaxCategory { get; init; }
    public PeriodRequest? Period { get; init; }

    public static InvoiceLineRequest From(NewInvoiceLine line) => new()
    {
        Description = line.Description,
        UnitAmount = line.UnitAmount,
        Quantity = line.Quantity,
        TaxCategory = line.TaxCategory,
        Period = line.Period is { } period ? new PeriodRequest { Start = period.Start, End = period.End } : null,
    };

    public NewInvoiceLine ToNew(string path = "") => new(Description, UnitAmount, Quantity, TaxCategory, Period?.ToInterval($"{path}period"));
}

internal sealed record PeriodRequest
{
    public required Instant Start { get; init; }
    public required Instant End { get; init; }

    /// <exception cref="BillingException">It ends before it starts.</exception>
    public Interval ToInterval(string path) => Start <= End ? new Interval(Start, End) : throw BillingException.Field($"{path}.end", "must not be before its start");
}

internal sealed record SendRequest
{
    public string? Email { get; init; }
}

internal sealed record PaymentRequest
{
    public required decimal Amount { get; init; }
    public PaymentMethodKind Method { get; init; }
    public string? Reference { get; init; }
}

/// <summary>How money came in.</summary>
internal enum PaymentMethodKind
{
    External,
}

internal sealed record InvoiceQuery : Paging
{
    public string? CustomerId { get; init; }
    public string? SubscriptionId { get; init; }
    public Invoicing.InvoiceStatus? Status { get; init; }
    public Invoicing.InvoiceKind? Kind { get; init; }
    public Currency? Currency { get; init; }
}
