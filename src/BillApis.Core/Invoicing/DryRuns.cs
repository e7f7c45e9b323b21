using BillApis.Invoicing;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Counts what a run would issue, and stores nothing of it.</summary>
internal sealed class DryRuns(SubscriptionInvoices drafting, Supplements supplements, Settlements settlements, ISubscriptionStore subscriptions, IOptions<BillingOptions> options)
{
    private const int BatchSize = 200;

    /// <summary>The run, done, with what it would have issued.</summary>
    public async Task<InvoiceRun> PreviewAsync(InvoiceRun run, CancellationToken cancellationToken)
    {
        var (result, totals, book) = (new CycleResult(), new Dictionary<Currency, Money>(), settlements.NewBook());
        var query = new DueQuery(run.AsOf, run.Tenant, run.Customer);
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListDueAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                await SupplementAsync(run, result, totals, book, cancellationToken).ConfigureAwait(false);
                return run.Progressed(result, run.ProgressAt).Finished(run.CreatedAt) with { Totals = [.. totals.Values.OrderBy(total => total.Currency.Code, StringComparer.Ordinal)] };
            }

            after = page[^1].Id;
            var drafted = new List<Invoice>();
            var next = await DraftAsync(run, page, drafted, first: true, result, totals, book, cancellationToken).ConfigureAwait(false);
            while (next.Count > 0)
            {
                next = await DraftAsync(run, next, drafted, first: false, result, totals, book, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One boundary of each, the first with what has to be corrected; answers those that are still due after it.
    private async Task<List<Subscription>> DraftAsync(
        InvoiceRun run, IReadOnlyList<Subscription> due, List<Invoice> drafted, bool first, CycleResult result, Dictionary<Currency, Money> totals, CreditBook book, CancellationToken cancellationToken)
    {
        var (next, drafts) = (new List<Subscription>(), new List<(DueCharges Due, Invoice Draft)>());
        var items = await drafting.DueAsync(due, drafted, cancellationToken).ConfigureAwait(false);
        items = first ? await drafting.CorrectAsync(run.Tenant, items, cancellationToken).ConfigureAwait(false) : items;
        foreach (var (item, request) in items.Zip(await drafting.RequestsAsync(run.Tenant, items, drafted, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                drafts.Add((item, InvoiceCalculator.Calculate(request)));
            }
            catch (Exception exception) when (exception is BillingException or OverflowException)
            {
                result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, exception.Message));
            }
        }

        var settled = await settlements.SettleAsync(run.Tenant, [.. drafts.Select(item => item.Draft)], book, cancellationToken).ConfigureAwait(false);
        foreach (var (item, made) in drafts.Zip(settled, (draft, made) => (draft.Due, made)))
        {
            if (made.Failure is not null)
            {
                result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, made.Failure.Message));
                continue;
            }

            Add(made.Invoice, result, totals);
            drafted.Add(made.Invoice);
            next.Add(item.Subscription.Billed(item.Boundary, item.Plans, options.Value, made.Invoice));
        }

        return [.. next.Where(subscription => subscription.NextBillingAt <= run.AsOf)];
    }

    private async Task SupplementAsync(InvoiceRun run, CycleResult result, Dictionary<Currency, Money> totals, CreditBook book, CancellationToken cancellationToken)
    {
        var drafts = await supplements.DraftsAsync(run.Tenant, run.Customer, result, cancellationToken).ConfigureAwait(false);
        foreach (var made in await settlements.SettleAsync(run.Tenant, drafts, book, cancellationToken).ConfigureAwait(false))
        {
            if (made.Failure is null)
            {
                Add(made.Invoice, result, totals);
            }
            else
            {
                result.Failures.Add(new RunFailure(made.Invoice.Subscription!.Value, made.Invoice.CreatedAt, made.Failure.Message));
            }
        }
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
