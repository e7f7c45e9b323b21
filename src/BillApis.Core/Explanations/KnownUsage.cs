using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Tells what of the usage of a line was known as its invoice was issued.</summary>
internal sealed class KnownUsage(IUsageStore store)
{
    private static readonly Duration Precision = Duration.FromMilliseconds(1);

    /// <summary>When events were recorded that were known then; null for a draft, which knows all.</summary>
    /// <remarks>Events of the very millisecond of issue came before it or after it; where a clock stands still, they may be many. Those are taken that come to what was billed.</remarks>
    public async Task<Interval?> AtIssueAsync(Invoice invoice, InvoiceLine line, UsageRequest request, Price price, CancellationToken cancellationToken)
    {
        if (invoice.IssuedAt is not { } issued)
        {
            return null;
        }

        // All groups of a charge were counted at once, those that have no line too.
        var charged = line.Kind is LineKind.Usage ? invoice.Lines.Where(other => other.Kind is LineKind.Usage && (other.Price, other.Period, other.Subscription) == (line.Price, line.Period, line.Subscription)).ToList() : [];
        var (with, without) = (new Interval(NodaConstants.UnixEpoch, issued + Precision), new Interval(NodaConstants.UnixEpoch, issued));
        return !await ComesToAsync(with).ConfigureAwait(false) && await ComesToAsync(without).ConfigureAwait(false) ? without : with;

        async Task<bool> ComesToAsync(Interval recorded)
        {
            var asked = request with { GroupBy = price.Terms.GroupBy, Recorded = recorded };
            var groups = (await store.ReadAsync(invoice.Tenant, [asked], cancellationToken).ConfigureAwait(false)).Single().Groups;
            return charged.Count > 0
                ? groups.Sum(group => group.Value) == charged.Sum(other => other.Quantity)
                : groups.Where(group => group.Dimensions == Dimensions.Of(line.Group)).Sum(group => group.Value) == (line.Adjustment?.Quantity ?? line.Quantity);
        }
    }
}
