namespace BillApis.AspNetCore;

/// <summary><c>…/explain</c>: where the amounts of an invoice or a credit memo come from.</summary>
internal static class ExplainEndpoints
{
    internal static async Task<ExplainResponse> InvoiceAsync(string id, Query<ExplainFilter> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        ExplainResponse.From(await billing.Explanations.InvoiceAsync(caller.Tenant, id, query.Value.ToQuery(), cancellationToken).ConfigureAwait(false));

    internal static async Task<CreditMemoExplainResponse> CreditMemoAsync(string id, Query<ExplainFilter> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditMemoExplainResponse.From(await billing.Explanations.CreditMemoAsync(caller.Tenant, id, query.Value.ToQuery(), cancellationToken).ConfigureAwait(false));

    internal static async Task<ExplainResponse> UpcomingAsync(string id, Query<ExplainFilter> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        await billing.Explanations.UpcomingAsync(caller.Tenant, id, query.Value.ToQuery(), cancellationToken).ConfigureAwait(false) is { } explanation
            ? ExplainResponse.From(explanation)
            : throw BillingException.NotFound("upcoming invoice of the subscription", id);
}

internal sealed record ExplainFilter : Paging
{
    /// <summary>Only the events of this line; the cursor is one of its next_cursor.</summary>
    public InvoiceLineId? LineId { get; init; }

    public ExplainQuery ToQuery() => new() { Line = LineId, Limit = ToStoreQuery().Limit, After = ToStoreQuery().After };
}
