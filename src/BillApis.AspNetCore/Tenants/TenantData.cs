using System.Runtime.CompilerServices;
using System.Text.Json;
using BillApis.Identity;
using BillApis.Metering;

namespace BillApis.AspNetCore;

/// <summary>All that is stored for a tenant.</summary>
internal sealed class TenantData(ExportTenant rows, Billing billing)
{
    private const string Events = "billing_usage_event";

    public async IAsyncEnumerable<ExportedRow> ReadAsync(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in rows(tenant, cancellationToken).ConfigureAwait(false))
        {
            yield return row;
        }

        for (UsageQuery? query = new() { Limit = Limits.PageSize }; query is not null;)
        {
            var page = await billing.Usage.EventsAsync(tenant, query, cancellationToken).ConfigureAwait(false);
            foreach (var item in page.Items)
            {
                yield return new ExportedRow(Events, JsonSerializer.SerializeToElement(EventResponse.From(item), BillingJson.Options));
            }

            query = page.Next is null ? null : query with { After = page.Next };
        }
    }
}
