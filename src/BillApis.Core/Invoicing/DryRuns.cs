using BillApis.Invoicing;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Counts what a run would issue, and stores nothing of it.</summary>
internal sealed class DryRuns(TrialBilling billing, CommonBoundaries common, Supplements supplements, ProgressiveInvoices progressive, Settlements settlements, ISubscriptionStore subscriptions, IOptions<BillingOptions> options)
{
    private const int BatchSize = 200;

    /// <summary>The run, done, with what it would have issued.</summary>
    public async Task<InvoiceRun> PreviewAsync(InvoiceRun run, CancellationToken cancellationToken)
    {
        var (result, book, billed) = (new CycleResult(), settlements.NewBook(), new Dictionary<SubscriptionId, TrialBilled>());
        var (query, seen) = (new DueQuery(run.AsOf, run.Tenant, run.Customer), new HashSet<SubscriptionId>());
        for (SubscriptionId? after = null; ;)
        {
            var page = await subscriptions.ListDueAsync(query, after, BatchSize, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
            {
                await AddOthersAsync(run, billed, result, book, cancellationToken).ConfigureAwait(false);
                return run.Progressed(result, run.ProgressAt).Finished(run.CreatedAt);
            }

            after = page[^1].Id;
            var trial = new Trial(book);
            IReadOnlyList<Subscription> left = [.. (await common.CompletedAsync(run.Tenant, page, run.AsOf, cancellationToken).ConfigureAwait(false)).Where(subscription => seen.Add(subscription.Id))];
            while (left.Count > 0)
            {
                var first = CommonBoundaries.First(left);
                var now = await BillAsync(run.Tenant, first, trial, result, cancellationToken).ConfigureAwait(false);
                left = [.. left.ExceptBy(first.Select(subscription => subscription.Id), subscription => subscription.Id), .. now.Where(subscription => subscription.NextBillingAt <= run.AsOf)];
                foreach (var subscription in now.Where(subscription => subscription.IsWatched || !subscription.Coupons.IsEmpty))
                {
                    billed[subscription.Id] = new TrialBilled(subscription, trial.Drafted.FindAll(invoice => invoice.Subscription == subscription.Id));
                }
            }
        }
    }

    // Answers those that were billed as they are afterwards.
    private async Task<List<Subscription>> BillAsync(TenantId tenant, IReadOnlyList<Subscription> due, Trial trial, CycleResult result, CancellationToken cancellationToken)
    {
        var (failed, billed) = (trial.Failures.Count, await billing.BillAsync(tenant, due, trial, cancellationToken).ConfigureAwait(false));
        result.Failures.AddRange(trial.Failures.Skip(failed).Select(failure => new RunFailure(failure.Item.Subscription.Id, failure.Item.Boundary, failure.Failure.Message)));
        foreach (var draft in billed)
        {
            Add(draft.Invoice, result);
        }

        return [.. billed.SelectMany(draft => draft.Dues.Select(item => item.Billed(options.Value, draft.Invoice)))];
    }

    // What a run issues outside of boundaries: corrections, and usage that reached a threshold.
    private async Task AddOthersAsync(InvoiceRun run, Dictionary<SubscriptionId, TrialBilled> billed, CycleResult result, CreditBook book, CancellationToken cancellationToken)
    {
        var late = await supplements.DraftsAsync(run.Tenant, run.Customer, billed, result, cancellationToken).ConfigureAwait(false);
        foreach (var counted in late.Select(draft => draft.Counted).OfType<Subscription>())
        {
            billed[counted.Id] = billed.TryGetValue(counted.Id, out var before) ? before with { Subscription = before.Subscription with { Coupons = counted.Coupons } } : new TrialBilled(counted, []);
        }

        Invoice[] drafts = [.. late.Select(draft => draft.Invoice), .. await progressive.DraftsAsync(run.Tenant, run.Customer, run.AsOf, billed, result, cancellationToken).ConfigureAwait(false)];
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
