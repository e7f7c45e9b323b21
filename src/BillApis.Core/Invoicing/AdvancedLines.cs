using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Reads what was billed in advance for a subscription.</summary>
internal sealed class AdvancedLines(IStore<Invoice> invoices, IStore<CreditMemo> memos)
{
    /// <summary>The lines that pay beyond an instant, of invoices since another.</summary>
    public async Task<IReadOnlyList<AdvancedLine>> BeyondAsync(Subscription subscription, Instant at, Instant since, IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var stored = (await invoices.OfSubscriptionAsync(subscription, since, cancellationToken).ConfigureAwait(false)).FindAll(invoice => invoice.Status is not InvoiceStatus.Draft);
        var taken = stored.Exists(invoice => !invoice.CreditMemos.IsEmpty) ? await memos.OfSubscriptionAsync(subscription, since, cancellationToken).ConfigureAwait(false) : [];
        foreach (var shared in stored.Where(invoice => !invoice.Sections.IsEmpty && !invoice.CreditMemos.IsEmpty))
        {
            var query = new StoreQuery { Limit = Limits.PageSize }.With("invoice_id", shared.Id.ToString());
            taken.AddRange((await memos.AllAsync(subscription.Tenant, query, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false)).ExceptBy(taken.Select(memo => memo.Id), memo => memo.Id).ToList());
        }

        return AdvancedLine.Of([.. stored.Select(invoice => invoice.PartOf(subscription.Id)), .. drafted.Where(invoice => invoice.Subscription == subscription.Id)], taken, at);
    }
}
