using BillApis.Metering;

namespace BillApis;

/// <summary>Works through the orphans of all tenants, a bounded part in each round, so that what can be counted by now is.</summary>
internal sealed class OrphanRecovery(IUsageStore store, Usage usage)
{
    private const int PagesPerRound = 10;
    private (TenantId? Tenant, string? After) _next;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (tenant, after) = _next;
        for (var page = 0; page < PagesPerRound; page++)
        {
            tenant = after is null ? await store.NextOrphanTenantAsync(tenant, cancellationToken).ConfigureAwait(false) : tenant;
            if (tenant is not { } current)
            {
                break;
            }

            // Where one tenant's cannot be read, the next round goes on with the others.
            _next = (current, null);
            (_, after) = await usage.RecoverPageAsync(current, after, late: false, cancellationToken).ConfigureAwait(false);
        }

        // Where a round ends, the next goes on; behind the last tenant it starts from the first.
        _next = (tenant, after);
    }
}
