using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Pricing;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>
/// Bills the next boundary of leased subscriptions. Every step may be the last before a crash: the invoice's id follows from the boundary,
/// so that repeating the steps makes nothing twice.
/// </summary>
internal sealed class BillingCycle(
    SubscriptionInvoices drafts, InvoiceIssue issue, Recharges recharges, ISubscriptionStore subscriptions, Plans plans, OutboxDispatcher outbox, IOptions<BillingOptions> options)
{
    private const int MaxAttempts = 8;

    /// <summary>Bills one boundary of each; all of one tenant.</summary>
    public async Task<CycleResult> BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, CancellationToken cancellationToken)
    {
        var result = new CycleResult();
        var due = await drafts.DueAsync(leased, cancellationToken).ConfigureAwait(false);
        await drafts.CloseAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        due = await drafts.CorrectAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var drafted = (await drafts.RequestsAsync(tenant, due, cancellationToken).ConfigureAwait(false))
            .Zip(due, (request, item) => (item, invoice: Draft(request, item, result))).ToList();
        var issued = await issue.IssueAsync(tenant, [.. drafted.Select(pair => pair.invoice).OfType<Invoice>().Where(invoice => !invoice.Lines.IsEmpty)], result, cancellationToken).ConfigureAwait(false);
        var billed = drafted.Where(pair => pair.invoice is not null && (pair.invoice.Lines.IsEmpty || issued.Stored.ContainsKey(pair.invoice.Id))).ToList();
        await AdvanceAsync(tenant, [.. billed.Select(pair => new BilledBoundary(pair.item, issued.Stored.GetValueOrDefault(pair.invoice!.Id)))], cancellationToken).ConfigureAwait(false);
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

    private async Task AdvanceAsync(TenantId tenant, IReadOnlyList<BilledBoundary> billed, CancellationToken cancellationToken)
    {
        var advanced = billed.Select(item => item.Due.Subscription.Billed(item.Due.Boundary, item.Due.Plan, options.Value, item.Invoice)).ToList();
        if (advanced.Count == 0 || await subscriptions.SaveAsync(tenant, advanced, [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
        {
            return;
        }

        foreach (var item in billed)
        {
            await AdvanceAsync(tenant, item, cancellationToken).ConfigureAwait(false);
        }
    }

    // Someone changed the subscription meanwhile: its boundary is billed all the same, since a change never reaches back.
    private async Task AdvanceAsync(TenantId tenant, BilledBoundary billed, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var current = (await subscriptions.FindAsync(tenant, billed.Due.Subscription.Id.ToString(), cancellationToken).ConfigureAwait(false))!;
            var plan = await plans.VersionAsync(tenant, current.Plan, current.PlanVersion, current.Currency, cancellationToken).ConfigureAwait(false);
            var advanced = current.Billed(billed.Due.Boundary, plan, options.Value, billed.Invoice);
            if (ReferenceEquals(advanced, current) || await subscriptions.SaveAsync(tenant, [advanced], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return;
            }
        }
    }
}

/// <summary>A boundary that is billed, and the invoice that is stored for it; null where nothing was charged.</summary>
internal sealed record BilledBoundary(DueCharges Due, Invoice? Invoice);

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
