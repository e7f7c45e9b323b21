using System.Collections.Immutable;
using BillApis.Invoicing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/invoicing/credit-memos</c>.</summary>
internal static class CreditMemoEndpoints
{
    public static void MapCreditMemos(this IEndpointRouteBuilder api)
    {
        var memos = api.MapGroup("/invoicing/credit-memos").WithTags("Invoicing").Requires("credit-memos");
        memos.MapPost("", CreateAsync).WithSummary("Take back a part of an issued invoice, by amount or by lines; never more than is left to credit");
        memos.MapGet("", ListAsync).WithSummary("List the credit memos, newest first");
        memos.MapGet("/{id}", GetAsync).WithSummary("Read one credit memo by id or number");
        memos.MapGet("/{id}/explain", ExplainEndpoints.CreditMemoAsync).WithSummary("Trace every line back to the invoice that it takes back a part of");
        memos.MapPost("/{id}/payout", PayOutAsync).WithSummary("Record that what a credit memo refunds was paid out");
        memos.MapPost("/{id}/cancel", CancelAsync).WithSummary("Withdraw a credit memo; what it had taken back is due again");
    }

    internal static async Task<Created<CreditMemoResponse>> CreateAsync(Body<CreditMemoRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var memo = await billing.CreditMemos.CreateAsync(caller.Tenant, body.Value.ToNew(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"invoicing/credit-memos/{memo.Id}", CreditMemoResponse.From(memo));
    }

    internal static async Task<Page<CreditMemoResponse>> ListAsync(Query<CreditMemoQuery> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var sent = query.Value;
        var filter = sent.ToStoreQuery().With("status", Wire.Name(sent.Status)).With("invoice_id", sent.InvoiceId)
            .With("customer_id", (await References.CustomerAsync(billing, caller.Tenant, sent.CustomerId, cancellationToken).ConfigureAwait(false))?.Id.ToString());
        return (await billing.CreditMemos.ListAsync(caller.Tenant, filter, cancellationToken).ConfigureAwait(false)).Select(CreditMemoResponse.From);
    }

    internal static async Task<CreditMemoResponse> GetAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditMemoResponse.From(await billing.CreditMemos.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));

    internal static async Task<CreditMemoResponse> PayOutAsync(string id, Body<PayOutRequest> body, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditMemoResponse.From(await billing.CreditMemos.PayOutAsync(caller.Tenant, id, body.Value.Reference, cancellationToken).ConfigureAwait(false));

    internal static async Task<CreditMemoResponse> CancelAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditMemoResponse.From(await billing.CreditMemos.CancelAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false));
}

internal sealed record PayOutRequest
{
    /// <summary>How the payment is known where it was made.</summary>
    public string? Reference { get; init; }
}

internal sealed record CreditMemoRequest
{
    public required string InvoiceId { get; init; }
    public decimal? Amount { get; init; }
    public ImmutableArray<CreditMemoLineRequest>? Lines { get; init; }
    public required string Reason { get; init; }
    public bool Refund { get; init; }

    public NewCreditMemo ToNew() => new(InvoiceId, Reason) { Amount = Amount, Lines = [.. (Lines ?? []).Select(line => new NewCreditMemoLine(line.LineId, line.Amount))], Refund = Refund };
}

internal sealed record CreditMemoLineRequest
{
    public required InvoiceLineId LineId { get; init; }
    public required decimal Amount { get; init; }
}

internal sealed record CreditMemoQuery : Paging
{
    public string? CustomerId { get; init; }
    public string? InvoiceId { get; init; }
    public CreditMemoStatus? Status { get; init; }
}

internal sealed record CreditMemoResponse(
    CreditMemoId Id, string? Number, CreditMemoStatus Status, CustomerId CustomerId, InvoiceId InvoiceId, SubscriptionId? SubscriptionId, Currency Currency, string Reason, bool Refund,
    ImmutableArray<CreditMemoLineResponse> Lines, decimal TaxTotal, decimal Amount, decimal AmountApplied, decimal AmountCredited, decimal AmountRefundable, Instant IssuedAt, Instant? CanceledAt, Instant? RefundPaidAt, string? RefundReference)
{
    public static CreditMemoResponse From(CreditMemo memo) => new(
        memo.Id, memo.DisplayNumber, memo.Status, memo.Customer, memo.Invoice, memo.Subscription, memo.Currency, memo.Reason, memo.Refund,
        [.. memo.Lines.Select(line => new CreditMemoLineResponse(line.Line, line.Description, line.Net.Amount, line.Tax.Amount, line.Gross.Amount, AdjustmentResponse.From(line.Adjustment)))], memo.TaxTotal.Amount, memo.Total.Amount,
        memo.Applied.Amount, memo.Refund ? 0 : memo.Returned.Amount, memo.Refund ? memo.Returned.Amount : 0, memo.IssuedAt, memo.CanceledAt, memo.RefundPaidAt, memo.RefundReference);
}

internal sealed record CreditMemoLineResponse(InvoiceLineId LineId, string Description, decimal NetAmount, decimal TaxAmount, decimal Amount, AdjustmentResponse? Adjustment);
