using BillApis.Invoicing;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Draws up the invoice of an instant of a subscription that is not stored, by what issues invoices.</summary>
internal sealed class ChangePreview(SubscriptionInvoices drafts, CommonBoundaries common, Settlements settlements, IOptions<BillingOptions> options)
{
    private const int MaxBoundaries = 1_000;

    /// <summary>The invoice; null where nothing is charged then.</summary>
    public async Task<Invoice?> InvoiceAsync(Subscription subscription, Instant at, CancellationToken cancellationToken)
    {
        var (current, drafted) = (subscription, new List<Invoice>());
        for (var i = 0; i < MaxBoundaries && current.NextBillingAt <= at; i++)
        {
            var due = await drafts.DueAsync([current], drafted, cancellationToken).ConfigureAwait(false);
            due = i == 0 ? await drafts.CorrectAsync(current.Tenant, due, cancellationToken).ConfigureAwait(false) : due;
            var request = (await drafts.RequestsAsync(current.Tenant, due, drafted, cancellationToken).ConfigureAwait(false)).Single();
            var invoice = InvoiceCalculator.Calculate(request);
            var next = due[0].Billed(options.Value, invoice);
            if (due[0].Boundary == at && next.NextBillingAt != at)
            {
                return invoice.Lines.IsEmpty ? null : await SettledAsync(drafted, await common.JoinedAsync(invoice, due[0], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }

            drafted.Add(invoice);
            current = next;
        }

        return null;
    }

    // What is billed before it uses credit before it.
    private async Task<Invoice> SettledAsync(IEnumerable<Invoice> before, Invoice invoice, CancellationToken cancellationToken)
    {
        var settled = (await settlements.SettleAsync(invoice.Tenant, [.. before.Where(item => !item.Lines.IsEmpty), invoice], settlements.NewBook(), cancellationToken).ConfigureAwait(false))[^1];
        return settled.Failure is null ? settled.Invoice : throw settled.Failure;
    }
}
