using BillApis.Auditing;
using BillApis.Workers;

namespace BillApis.AspNetCore;

/// <summary>Lets go of audit entries that have been kept as long as the options say.</summary>
internal static class AuditRetention
{
    private const int BatchSize = 1_000;

    public static BillingJob Job(Tenants tenants, IAuditStore store, RestOptions options) => new("audit retention", async token =>
    {
        await foreach (var tenant in (options.AuditKept is null ? AsyncEnumerable.Empty<TenantId>() : tenants.AllAsync(token)).ConfigureAwait(false))
        {
            while (await store.LetGoAsync(tenant, RealTime.Now - options.AuditKept!.Value, BatchSize, token).ConfigureAwait(false) == BatchSize)
            {
            }
        }
    });
}
