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
        [.. (await MemosAsync(subscription, since, cancellationToken).ConfigureAwait(false)).SelectMany(memo => memo.Lines).Select(line => line.Adjustment).OfType<InvoiceLine>()];

    /// <summary>The credit memos of its invoices since an instant.</summary>
    public Task<List<CreditMemo>> MemosAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) => memos.OfSubscriptionAsync(subscription, since, cancellationToken);

    /// <summary>All lines of both.</summary>
    public async Task<List<InvoiceLine>> LinesAsync(Subscription subscription, Instant since, CancellationToken cancellationToken) =>
        [.. (await InvoicesAsync(subscription, since, cancellationToken).ConfigureAwait(false)).SelectMany(invoice => invoice.PartOf(subscription.Id).Lines), .. await TakenAsync(subscription, since, cancellationToken).ConfigureAwait(false)];

    /// <summary>The number that the next correction of each subscription's bills takes; to be read before the bills are.</summary>
    public async Task<IReadOnlyDictionary<SubscriptionId, int>> NextNumbersAsync(TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken) =>
        subscriptions.Count == 0
            ? new Dictionary<SubscriptionId, int>()
            : (await invoices.CountCorrectionsAsync(tenant, subscriptions, cancellationToken).ConfigureAwait(false)).ToDictionary(item => item.Key, item => item.Value + 1);
}
