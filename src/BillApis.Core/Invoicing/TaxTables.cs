using System.Collections.Immutable;
using BillApis.Invoicing;

namespace BillApis;

/// <summary>Decides taxes by the tenant's own rates, as they stand when they are asked.</summary>
internal sealed class TaxTables(IStore<TaxRate> rates) : ITaxCalculator
{
    public async Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken)
    {
        var rows = ImmutableArray.CreateBuilder<TaxRate>();
        for (var query = new StoreQuery { Limit = Limits.PageSize }.With("archived", "false"); ;)
        {
            var page = await rates.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false);
            rows.AddRange(page.Items);
            if (page.Next is null)
            {
                var table = new TaxTable(rows.ToImmutable());
                return [.. queries.Select(table.Decide)];
            }

            query = query with { After = page.Next };
        }
    }
}
