using BillApis.Invoicing;
using NodaTime;

namespace BillApis;

/// <summary>Reads what was billed in advance for a subscription.</summary>
internal sealed class AdvancedLines(EarlierBills earlier)
{
    /// <summary>The lines that pay beyond an instant, of invoices since another.</summary>
    public async Task<IReadOnlyList<AdvancedLine>> BeyondAsync(Subscription subscription, Instant at, Instant since, IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var stored = await earlier.IssuedAsync(subscription, since, cancellationToken).ConfigureAwait(false);
        var taken = stored.Exists(invoice => !invoice.CreditMemos.IsEmpty) ? await earlier.MemosAsync(subscription, since, stored, cancellationToken).ConfigureAwait(false) : [];
        return AdvancedLine.Of([.. stored.Select(invoice => invoice.PartOf(subscription.Id)), .. drafted.Where(invoice => invoice.Subscription == subscription.Id)], taken, at);
    }
}
