using BillApis.Invoicing;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>Draws up the invoice of an instant of a subscription that is not stored, by what issues invoices.</summary>
internal sealed class ChangePreview(TrialBilling billing, CommonBoundaries common, Settlements settlements, IOptions<BillingOptions> options)
{
    private const int MaxBoundaries = 1_000;

    /// <summary>The invoice, after what is billed before it of the subscription and of those that it is billed together with; null where nothing is charged then.</summary>
    /// <exception cref="BillingException">A boundary of the subscription cannot be billed.</exception>
    public async Task<Invoice?> InvoiceAsync(Subscription subscription, Instant at, CancellationToken cancellationToken)
    {
        var (tenant, trial) = (subscription.Tenant, new Trial(settlements.NewBook()));
        var left = Due(await common.CompletedAsync(tenant, [subscription], at, cancellationToken).ConfigureAwait(false));
        for (var i = 0; i < MaxBoundaries && left.Exists(item => item.Id == subscription.Id); i++)
        {
            var first = CommonBoundaries.First(left);
            var billed = await billing.BillAsync(tenant, first, trial, cancellationToken).ConfigureAwait(false);
            if (trial.Failures.Find(failure => failure.Item.Subscription.Id == subscription.Id).Failure is { } failure)
            {
                throw failure;
            }

            var after = billed.SelectMany(draft => draft.Dues, (draft, item) => (draft.Invoice, item.Boundary, Next: item.Billed(options.Value, draft.Invoice))).ToList();
            if (after.Find(item => item.Next.Id == subscription.Id && item.Boundary == at && item.Next.NextBillingAt != at) is { Invoice: { } invoice })
            {
                return invoice.Lines.IsEmpty ? null : invoice;
            }

            left = Due([.. left.ExceptBy(first.Select(item => item.Id), item => item.Id), .. after.Select(item => item.Next)]);
        }

        return null;

        List<Subscription> Due(IEnumerable<Subscription> all) => [.. all.Where(item => item.NextBillingAt <= at)];
    }
}
