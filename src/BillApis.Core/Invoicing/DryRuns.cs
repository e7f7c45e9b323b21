using BillApis.Invoicing;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Counts what a run would issue, and stores nothing of it.</summary>
internal sealed class DryRuns(SubscriptionInvoices drafts, ISubscriptionStore subscriptions, IOptions<BillingOptions> options)
{
    private const int BatchSize = 200;

    /// <summary>The run, done, with what it would have issued.</summary>
    public async Task<InvoiceRun> PreviewAsync(InvoiceRun run, CancellationToken cancellationToken)
    {
        var (result, totals) = (new CycleResult(), new Dictionary<Currency, Money>());
        var query = new DueQuery(run.AsOf, run.Tenant, run.Customer);
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListDueAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                return run.Progressed(result, run.ProgressAt).Finished(run.CreatedAt) with { Totals = [.. totals.Values.OrderBy(total => total.Currency.Code, StringComparer.Ordinal)] };
            }

            after = page[^1].Id;
            var next = await DraftAsync(run, page, first: true, result, totals, cancellationToken).ConfigureAwait(false);
            while (next.Count > 0)
            {
                next = await DraftAsync(run, next, first: false, result, totals, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One boundary of each, the first with what has to be corrected; answers those that are still due after it.
    private async Task<List<Subscription>> DraftAsync(InvoiceRun run, IReadOnlyList<Subscription> due, bool first, CycleResult result, Dictionary<Currency, Money> totals, CancellationToken cancellationToken)
    {
        var next = new List<Subscription>();
        var items = await drafts.DueAsync(due, cancellationToken).ConfigureAwait(false);
        items = first ? await drafts.CorrectAsync(run.Tenant, items, cancellationToken).ConfigureAwait(false) : items;
        foreach (var (item, request) in items.Zip(await drafts.RequestsAsync(run.Tenant, items, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                Add(InvoiceCalculator.Calculate(request), result, totals);
                next.Add(item.Subscription.Billed(item.Boundary, item.Plan, options.Value));
            }
            catch (Exception exception) when (exception is BillingException or OverflowException)
            {
                result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, exception.Message));
            }
        }

        return [.. next.Where(subscription => subscription.NextBillingAt <= run.AsOf)];
    }

    private static void Add(Invoice invoice, CycleResult result, Dictionary<Currency, Money> totals)
    {
        if (!invoice.Lines.IsEmpty)
        {
            result.Invoices.Add(invoice.Id);
            totals[invoice.Currency] = totals.GetValueOrDefault(invoice.Currency, Money.Zero(invoice.Currency)) + invoice.Total;
        }
    }
}
