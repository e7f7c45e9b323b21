using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>What a subscription was billed before: what every correction, commitment and final bill starts from.</summary>
internal sealed class EarlierBills(IInvoiceStore invoices, IStore<CreditMemo> memos, SettledIntervals settled)
{
    /// <summary>The invoices since an instant, the newest first. One that a person withdrew counts as billed: what was waived must not come back; what stands in its place does not count beside it, and neither does a draft.</summary>
    public async Task<List<Invoice>> InvoicesAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) =>
        [.. (await IssuedAsync(subscription, since, cancellationToken).ConfigureAwait(false)).Where(invoice => invoice.Replaces is null)];

    /// <summary>The same with what stands in the place of others: what can be given back is of those.</summary>
    public async Task<List<Invoice>> IssuedAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) =>
        (await invoices.OfSubscriptionAsync(subscription, since, cancellationToken).ConfigureAwait(false)).FindAll(invoice => invoice.Status is not InvoiceStatus.Draft);

    /// <summary>The credit memos of its invoices since an instant.</summary>
    public Task<List<CreditMemo>> MemosAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) => memos.OfSubscriptionAsync(subscription, since, cancellationToken);

    /// <summary>The same, with those of invoices over several subscriptions, which are of none of them.</summary>
    public async Task<List<CreditMemo>> MemosAsync(Subscription subscription, Instant since, IReadOnlyCollection<Invoice> bills, CancellationToken cancellationToken)
    {
        var found = await MemosAsync(subscription, since, cancellationToken).ConfigureAwait(false);
        foreach (var shared in bills.Where(invoice => !invoice.Sections.IsEmpty && !invoice.CreditMemos.IsEmpty))
        {
            var query = new StoreQuery { Limit = Limits.PageSize }.With("invoice_id", shared.Id.ToString());
            found.AddRange((await memos.AllAsync(subscription.Tenant, query, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false)).ExceptBy(found.Select(memo => memo.Id), memo => memo.Id).ToList());
        }

        return found;
    }

    /// <summary>What credit memos adjusted, as lines of an invoice would have.</summary>
    public static IEnumerable<InvoiceLine> AdjustmentsOf(IEnumerable<CreditMemo> memos) => memos.SelectMany(memo => memo.Lines).Select(line => line.Adjustment).OfType<InvoiceLine>();

    /// <summary>The lines of invoices in the place of withdrawn ones, each with the line that it stands for: what is given back of the one is of the other.</summary>
    public async Task<IReadOnlyDictionary<InvoiceLineId, InvoiceLineId>> StandingAsync(IEnumerable<Invoice> bills, CancellationToken cancellationToken)
    {
        var standing = new Dictionary<InvoiceLineId, InvoiceLineId>();
        foreach (var bill in bills)
        {
            for (var (by, lines) = (bill.ReplacedBy, bill.Lines.Select(line => line.Id).ToList()); by is { } id && await invoices.FindAsync(bill.Tenant, id.ToString(), cancellationToken).ConfigureAwait(false) is { } found; by = found.ReplacedBy)
            {
                foreach (var (line, original) in found.Lines.Zip(lines))
                {
                    standing[line.Id] = original;
                }
            }
        }

        return standing;
    }

    /// <summary>Both, for a bill that starts from them.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="number">The number that the bill takes, which was read before.</param>
    /// <param name="since">From when on.</param>
    /// <param name="commitments">The intervals of commitments that it settles.</param>
    /// <param name="drafted">Its later invoices that are not stored.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<BoundBills> BoundAsync(Subscription subscription, int number, Instant since, IReadOnlyList<CommitmentPeriod> commitments, IEnumerable<Invoice> drafted, CancellationToken cancellationToken)
    {
        var stored = await InvoicesAsync(subscription, since, cancellationToken).ConfigureAwait(false);
        var taken = await MemosAsync(subscription, since, stored, cancellationToken).ConfigureAwait(false);
        List<Invoice> bills = [.. stored.Select(invoice => invoice.PartOf(subscription.Id)), .. drafted];
        return new BoundBills(number, [.. bills.SelectMany(invoice => invoice.Lines), .. AdjustmentsOf(taken.Where(memo => memo.Subscription == subscription.Id))]) { Bills = bills, Memos = taken, Standing = await StandingAsync(stored, cancellationToken).ConfigureAwait(false), Early = bills.FindAll(invoice => invoice.Kind is InvoiceKind.Progressive), Settled = await settled.OfAsync(commitments, bills, cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>The number that the next correction of each subscription's bills takes; to be read before the bills are.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, int>> NextNumbersAsync(TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken) =>
        subscriptions.Count == 0
            ? new Dictionary<SubscriptionId, int>()
            : (await invoices.CountCorrectionsAsync(tenant, subscriptions, cancellationToken).ConfigureAwait(false)).ToDictionary(item => item.Key, item => item.Value + 1);
}
