using BillApis.Invoicing;
using BillApis.Outbox;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>
/// Bills the next boundary of leased subscriptions. Every step may be the last before a crash: the invoice is stored together with the boundary that it
/// bills, or neither is, and a subscription that was changed meanwhile is billed anew.
/// </summary>
internal sealed class BillingCycle(
    SubscriptionInvoices drafts, InvoiceIssue issue, Recharges recharges, ISubscriptionStore subscriptions, OutboxDispatcher outbox, IOptions<BillingOptions> options)
{
    /// <summary>Bills one boundary of each; all of one tenant.</summary>
    public async Task<CycleResult> BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, CancellationToken cancellationToken)
    {
        var result = new CycleResult();
        var due = await drafts.DueAsync(leased, [], cancellationToken).ConfigureAwait(false);
        await drafts.CloseAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        due = await drafts.CorrectAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var drafted = (await drafts.RequestsAsync(tenant, due, [], cancellationToken).ConfigureAwait(false))
            .Zip(due, (request, item) => (item, invoice: Draft(request, item, result))).ToList();
        var charged = drafted.Where(pair => pair.invoice is { Lines.IsEmpty: false }).Select(pair => new BoundaryDraft(pair.invoice!, pair.item)).ToList();
        var issued = await issue.IssueAsync(tenant, charged, result, cancellationToken).ConfigureAwait(false);
        await AdvanceAsync(tenant, [.. drafted.Where(pair => pair.invoice is not null && !result.Invoices.Contains(pair.invoice.Id)).Select(pair => (pair.item, pair.invoice!))], issued, cancellationToken).ConfigureAwait(false);
        var billed = drafted.Where(pair => pair.invoice is not null && (pair.invoice.Lines.IsEmpty || issued.Stored.ContainsKey(pair.invoice.Id))).ToList();
        await SettleAsync(tenant, billed!, result, cancellationToken).ConfigureAwait(false);
        var overtaken = issued.Overtaken.Select(invoice => invoice.Subscription!.Value).ToHashSet();
        if (overtaken.Count > 0)
        {
            result.Add(await BillAsync(tenant, [.. leased.Where(subscription => overtaken.Contains(subscription.Id))], cancellationToken).ConfigureAwait(false));
        }

        await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return result;
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

    public void Add(CycleResult other)
    {
        Invoices.AddRange(other.Invoices);
        Failures.AddRange(other.Failures);
    }
}
