using BillApis.Invoicing;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Counts what a run would issue, and stores nothing of it.</summary>
internal sealed class DryRuns(SubscriptionInvoices drafting, CommonBoundaries common, Supplements supplements, ProgressiveInvoices progressive, Settlements settlements, ISubscriptionStore subscriptions, IOptions<BillingOptions> options)
{
    private const int BatchSize = 200;

    /// <summary>The run, done, with what it would have issued.</summary>
    public async Task<InvoiceRun> PreviewAsync(InvoiceRun run, CancellationToken cancellationToken)
    {
        var (result, book, watched) = (new CycleResult(), settlements.NewBook(), new Dictionary<SubscriptionId, (Subscription Billed, IReadOnlyList<Invoice> Drafted)>());
        var (query, seen) = (new DueQuery(run.AsOf, run.Tenant, run.Customer), new HashSet<SubscriptionId>());
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListDueAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                await AddOthersAsync(run, watched, result, book, cancellationToken).ConfigureAwait(false);
                return run.Progressed(result, run.ProgressAt).Finished(run.CreatedAt);
            }

            after = page[^1].Id;
            var (drafted, corrected) = (new List<Invoice>(), new HashSet<SubscriptionId>());
            IReadOnlyList<Subscription> left = [.. (await common.CompletedAsync(run.Tenant, page, run.AsOf, cancellationToken).ConfigureAwait(false)).Where(subscription => seen.Add(subscription.Id))];
            while (left.Count > 0)
            {
                var first = CommonBoundaries.First(left);
                var billed = await DraftAsync(run, first, drafted, corrected, result, book, cancellationToken).ConfigureAwait(false);
                left = [.. left.ExceptBy(first.Select(subscription => subscription.Id), subscription => subscription.Id), .. billed.Where(subscription => subscription.NextBillingAt <= run.AsOf)];
                foreach (var subscription in billed.Where(subscription => subscription.IsWatched))
                {
                    watched[subscription.Id] = (subscription, drafted.FindAll(invoice => invoice.Subscription == subscription.Id));
                }
            }
        }
    }

    // One boundary of each, the first with what has to be corrected; answers them as they are after it.
    private async Task<List<Subscription>> DraftAsync(
        InvoiceRun run, IReadOnlyList<Subscription> due, List<Invoice> drafted, HashSet<SubscriptionId> corrected, CycleResult result, CreditBook book, CancellationToken cancellationToken)
    {
        var (billed, drafts) = (new List<Subscription>(), new List<BoundaryDraft>());
        var all = (await drafting.DueAsync(due, drafted, cancellationToken).ConfigureAwait(false)).ToLookup(item => corrected.Add(item.Subscription.Id));
        IReadOnlyList<DueCharges> items = [.. await drafting.CorrectAsync(run.Tenant, [.. all[true]], cancellationToken).ConfigureAwait(false), .. all[false]];
        foreach (var (item, request) in items.Zip(await drafting.RequestsAsync(run.Tenant, items, drafted, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                drafts.Add(new BoundaryDraft(InvoiceCalculator.Calculate(request), item));
            }
            catch (BillingException exception)
            {
                result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, exception.Message));
            }
        }

        var joined = await common.JoinedAsync(run.Tenant, drafts, cancellationToken).ConfigureAwait(false);
        var settled = await settlements.SettleAsync(run.Tenant, [.. joined.Select(draft => draft.Invoice)], book, cancellationToken).ConfigureAwait(false);
        foreach (var (draft, made) in joined.Zip(settled))
        {
            if (made.Failure is not null)
            {
                result.Failures.AddRange(draft.Dues.Select(item => new RunFailure(item.Subscription.Id, item.Boundary, made.Failure.Message)));
                continue;
            }

            Add(made.Invoice, result);
            drafted.AddRange(draft.Dues.Select(item => made.Invoice.PartOf(item.Subscription.Id)));
            billed.AddRange(draft.Dues.Select(item => item.Billed(options.Value, made.Invoice)));
        }

        return billed;
    }

    // What a run issues outside of boundaries: corrections, and usage that reached a threshold.
    private async Task AddOthersAsync(InvoiceRun run, IReadOnlyDictionary<SubscriptionId, (Subscription Billed, IReadOnlyList<Invoice> Drafted)> watched, CycleResult result, CreditBook book, CancellationToken cancellationToken)
    {
        Invoice[] drafts = [
            .. await supplements.DraftsAsync(run.Tenant, run.Customer, result, cancellationToken).ConfigureAwait(false),
            .. await progressive.DraftsAsync(run.Tenant, run.Customer, run.AsOf, watched, result, cancellationToken).ConfigureAwait(false)];
        foreach (var made in await settlements.SettleAsync(run.Tenant, drafts, book, cancellationToken).ConfigureAwait(false))
        {
            if (made.Failure is null)
            {
                Add(made.Invoice, result);
            }
            else
            {
                result.Failures.Add(new RunFailure(made.Invoice.Subscription!.Value, made.Invoice.CreatedAt, made.Failure.Message));
            }
        }
    }

    private static void Add(Invoice invoice, CycleResult result)
    {
        if (!invoice.Lines.IsEmpty)
        {
            result.Add(invoice);
        }
    }
}
