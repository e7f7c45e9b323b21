using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>What a subscription was billed before: what every correction, commitment and final bill starts from.</summary>
internal sealed class EarlierBills(IInvoiceStore invoices, IStore<CreditMemo> memos)
{
    /// <summary>The invoices since an instant, the newest first. One that a person withdrew counts as billed: what was waived must not come back; what stands in its place does not count beside it, and neither does a draft.</summary>
    public async Task<List<Invoice>> InvoicesAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) =>
        [.. (await invoices.OfSubscriptionAsync(subscription, since, cancellationToken).ConfigureAwait(false)).Where(invoice => invoice.Replaces is null && invoice.Status is not InvoiceStatus.Draft)];

    /// <summary>What credit memos took back for late usage.</summary>
    public async Task<List<InvoiceLine>> TakenAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) =>
        [.. AdjustmentsOf(await MemosAsync(subscription, since, cancellationToken).ConfigureAwait(false))];

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

    /// <summary>Both, for a bill that starts from them.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="number">The number that the bill takes, which was read before.</param>
    /// <param name="since">From when on.</param>
    /// <param name="drafted">Its later invoices that are not stored.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<BoundBills> BoundAsync(Subscription subscription, int number, Instant since, IEnumerable<Invoice> drafted, CancellationToken cancellationToken)
    {
        List<Invoice> bills = [.. (await InvoicesAsync(subscription, since, cancellationToken).ConfigureAwait(false)).Select(invoice => invoice.PartOf(subscription.Id)), .. drafted];
        var taken = await TakenAsync(subscription, since, cancellationToken).ConfigureAwait(false);
        return new BoundBills(number, [.. bills.SelectMany(invoice => invoice.Lines), .. taken]) { Bills = bills, Early = bills.FindAll(invoice => invoice.Kind is InvoiceKind.Progressive) };
    }

    /// <summary>The number that the next correction of each subscription's bills takes; to be read before the bills are.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, int>> NextNumbersAsync(TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken) =>
        subscriptions.Count == 0
            ? new Dictionary<SubscriptionId, int>()
            : (await invoices.CountCorrectionsAsync(tenant, subscriptions, cancellationToken).ConfigureAwait(false)).ToDictionary(item => item.Key, item => item.Value + 1);
}
