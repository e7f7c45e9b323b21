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
    /// <remarks>Events of the very millisecond of issue came before it or after it; where a clock stands still, they may be many. Those are taken that come to what was billed, and no group that would have had a line of its own.</remarks>
    public async Task<Interval?> AtIssueAsync(Invoice invoice, InvoiceLine line, UsageRequest request, Price price, CancellationToken cancellationToken)
    {
        if (invoice.IssuedAt is not { } issued)
        {
            return null;
        }

        // All groups of a charge were counted at once, those that have no line too.
        var charged = line.Kind is LineKind.Usage ? invoice.Lines.Where(other => other.Kind is LineKind.Usage && (other.Price, other.Period, other.Subscription) == (line.Price, line.Period, line.Subscription)).ToList() : [];
        var adjusted = invoice.Lines.Where(other => other.Kind is LineKind.Adjustment && (other.Price, other.Period, other.Subscription) == (line.Price, line.Period, line.Subscription)).Select(other => Dimensions.Of(other.Group)).ToHashSet();
        var (with, without) = (new Interval(NodaConstants.UnixEpoch, issued + Precision), new Interval(NodaConstants.UnixEpoch, issued));
        var all = await GroupsAsync(with).ConfigureAwait(false);
        if (ComesTo(all) && (charged.Count > 0 || price.Terms.GroupBy.IsEmpty))
        {
            return with;
        }

        var before = await GroupsAsync(without).ConfigureAwait(false);
        return ComesTo(before) && !(ComesTo(all) && Others(all).SetEquals(Others(before))) ? without : with;

        // The cells of a matrix are read by themselves: the greatest of all is not the sum of the greatest of each.
        async Task<IReadOnlyList<UsageGroup>> GroupsAsync(Interval recorded)
        {
            var groups = (await store.ReadAsync(invoice.Tenant, [request with { GroupBy = price.Terms.Dimensions, Recorded = recorded }], cancellationToken).ConfigureAwait(false)).Single().Groups;
            return price.Terms.Model is MatrixPrice ? [.. groups.GroupBy(group => group.Dimensions.Only(price.Terms.GroupBy), (key, cells) => new UsageGroup(key, cells.Sum(cell => cell.Value), cells.Sum(cell => cell.Events)))] : groups;
        }

        bool ComesTo(IReadOnlyList<UsageGroup> groups) => charged.Count > 0
            ? groups.Sum(group => group.Value) == charged.Sum(other => other.Quantity)
            : groups.Where(group => group.Dimensions == Dimensions.Of(line.Group)).Sum(group => group.Value) == (line.Adjustment?.Quantity ?? line.Quantity);
        HashSet<(Dimensions, decimal)> Others(IReadOnlyList<UsageGroup> groups) => [.. groups.Where(group => !adjusted.Contains(group.Dimensions)).Select(group => (group.Dimensions, group.Value))];
    }
}
