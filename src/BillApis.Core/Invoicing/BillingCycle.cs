using BillApis.Invoicing;
using BillApis.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>
/// Bills the next boundary of leased subscriptions. Every step may be the last before a crash: the invoice is stored together with the boundary that it
/// bills, or neither is, and a subscription that was changed meanwhile is billed anew.
/// </summary>
internal sealed class BillingCycle(
    SubscriptionInvoices drafts, DraftReview review, InvoiceIssue issue, Recharges recharges, ISubscriptionStore subscriptions, OutboxDispatcher outbox, IOptions<BillingOptions> options)
{
    /// <summary>Bills one boundary of each, or keeps a draft of it where the tenant wants to look at it first; all of one tenant.</summary>
    public async Task<CycleResult> BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, Instant at, CancellationToken cancellationToken)
    {
        var (result, policy) = (new CycleResult(), await review.PolicyAsync(tenant, cancellationToken).ConfigureAwait(false));
        var due = (await drafts.DueAsync(leased, [], cancellationToken).ConfigureAwait(false)).ToLookup(item => policy.Holds(item.Boundary, at));
        if (due[true].Any())
        {
            var drafted = await DraftAsync(tenant, [.. due[true]], result, cancellationToken).ConfigureAwait(false);
            await review.KeepAsync(tenant, [.. drafted.Where(draft => !draft.Invoice.Lines.IsEmpty)], policy, result, cancellationToken).ConfigureAwait(false);

            // Of nothing there is no draft to look at.
            due = due[false].Concat(drafted.Where(draft => draft.Invoice.Lines.IsEmpty).Select(draft => draft.Due!)).ToLookup(_ => false);
        }

        await BillAsync(tenant, [.. due[false]], result, cancellationToken).ConfigureAwait(false);
        await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Bills the next boundary of a subscription whatever the tenant's settings say: someone looked at its draft.</summary>
    public async Task<CycleResult> ApproveAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var result = new CycleResult();
        await BillAsync(subscription.Tenant, await drafts.DueAsync([subscription], [], cancellationToken).ConfigureAwait(false), result, cancellationToken).ConfigureAwait(false);
        await outbox.DispatchAsync(subscription.Tenant, cancellationToken).ConfigureAwait(false);
        return result;
    }

    private async Task BillAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CycleResult result, CancellationToken cancellationToken)
    {
        await drafts.CloseAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var drafted = await DraftAsync(tenant, due, result, cancellationToken).ConfigureAwait(false);
        var issued = await issue.IssueAsync(tenant, [.. drafted.Where(draft => !draft.Invoice.Lines.IsEmpty)], result, cancellationToken).ConfigureAwait(false);
        await AdvanceAsync(tenant, [.. drafted.Where(draft => !result.Invoices.Contains(draft.Invoice.Id)).Select(draft => (draft.Due!, draft.Invoice))], issued, cancellationToken).ConfigureAwait(false);
        await SettleAsync(tenant, [.. drafted.Where(draft => draft.Invoice.Lines.IsEmpty || issued.Stored.ContainsKey(draft.Invoice.Id)).Select(draft => (draft.Due!, draft.Invoice))], result, cancellationToken).ConfigureAwait(false);
        var overtaken = issued.Overtaken.Select(invoice => invoice.Subscription!.Value).ToHashSet();
        if (overtaken.Count > 0)
        {
            await BillAsync(tenant, [.. due.Where(item => overtaken.Contains(item.Subscription.Id))], result, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<List<BoundaryDraft>> DraftAsync(TenantId tenant, IReadOnlyList<DueCharges> due, CycleResult result, CancellationToken cancellationToken)
    {
        var drafted = new List<BoundaryDraft>();
        var corrected = await drafts.CorrectAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        foreach (var (item, request) in corrected.Zip(await drafts.RequestsAsync(tenant, corrected, [], cancellationToken).ConfigureAwait(false)))
        {
            if (Draft(request, item, result) is { } invoice)
            {
                drafted.Add(new BoundaryDraft(await review.MergedAsync(invoice, item.Subscription, cancellationToken).ConfigureAwait(false), item));
            }
        }

        return drafted;
    }

    // One subscription that cannot be rated must not hold up the others: it is named in the run and stays due.
    private static Invoice? Draft(InvoiceRequest request, DueCharges item, CycleResult result)
    {
        try
        {
            return InvoiceCalculator.Calculate(request);
        }
        catch (Exception exception) when (exception is BillingException or OverflowException)
        {
            result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, exception.Message));
            return null;
        }
    }

    // An invoice that another run stored says nothing about this correction: its marks stay.
    private async Task SettleAsync(TenantId tenant, IReadOnlyList<(DueCharges Item, Invoice Invoice)> billed, CycleResult result, CancellationToken cancellationToken)
    {
        foreach (var (item, invoice) in billed.Where(pair => pair.Item.Correction is not null))
        {
            if (invoice.Correction is null || result.Invoices.Contains(invoice.Id))
            {
                await recharges.SettleAsync(tenant, item.Subscription.Id, item.Correction!, invoice.Correction is not null, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Where nothing is charged, or the invoice was stored before. One that was changed meanwhile stays due.
    private async Task AdvanceAsync(TenantId tenant, IReadOnlyList<(DueCharges Item, Invoice Draft)> passed, IssuedInvoices issued, CancellationToken cancellationToken)
    {
        var advanced = passed.Where(pair => pair.Draft.Lines.IsEmpty || issued.Stored.ContainsKey(pair.Draft.Id))
            .Select(pair => pair.Item.Subscription.Billed(pair.Item.Boundary, pair.Item.Plans, options.Value, issued.Stored.GetValueOrDefault(pair.Draft.Id))).ToList();
        if (advanced.Count == 0 || await subscriptions.SaveAsync(tenant, advanced, [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
        {
            return;
        }

        foreach (var subscription in advanced)
        {
            await subscriptions.SaveAsync(tenant, [subscription], [], cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>What one batch of a run did.</summary>
internal sealed record CycleResult
{
    public List<InvoiceId> Invoices { get; } = [];

    public List<RunFailure> Failures { get; } = [];

    /// <summary>The subscriptions whose drafts are looked at first.</summary>
    public List<SubscriptionId> Held { get; } = [];

    public void Add(CycleResult other)
    {
        Invoices.AddRange(other.Invoices);
        Failures.AddRange(other.Failures);
        Held.AddRange(other.Held);
    }
}
