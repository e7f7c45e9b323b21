using System.Runtime.CompilerServices;
using BillApis.Metering;

namespace BillApis;

/// <summary>Has the totals counted anew by all metrics that there are, and tells whoever keeps copies of them.</summary>
internal sealed class UsageRebuilds(IUsageStore store, MetricCatalog metrics, UsageSignals signals)
{
    public async IAsyncEnumerable<RebuiltTotals> RunAsync(TenantId tenant, bool set, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var rebuilt in store.RebuildAsync(tenant, token => metrics.AllAsync(tenant, token), set, cancellationToken).ConfigureAwait(false))
        {
            if (set && !rebuilt.Differences.IsEmpty)
            {
                signals.Rebuilt(tenant);
            }

            yield return rebuilt;
        }
    }
}
