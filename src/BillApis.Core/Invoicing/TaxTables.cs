using BillApis.Invoicing;

namespace BillApis;

/// <summary>Decides taxes by the tenant's own rates, as they stand when they are asked.</summary>
internal sealed class TaxTables(IStore<TaxRate> rates) : ITaxCalculator
{
    public async Task<IReadOnlyList<TaxDecision>> DecideAsync(TenantId tenant, IReadOnlyList<TaxQuery> queries, CancellationToken cancellationToken)
    {
        var tables = new Dictionary<string, TaxTable>(StringComparer.Ordinal) { [""] = new TaxTable([]) };
        foreach (var country in queries.Select(CountryOf).Where(country => !tables.ContainsKey(country)).Distinct(StringComparer.Ordinal).ToList())
        {
            tables[country] = await ReadAsync(tenant, country, cancellationToken).ConfigureAwait(false);
        }

        return [.. queries.Select(query => tables[CountryOf(query)].Decide(query))];
    }

    private static string CountryOf(TaxQuery query) => query.Customer.Country?.ToUpperInvariant() ?? "";

    private async Task<TaxTable> ReadAsync(TenantId tenant, string country, CancellationToken cancellationToken)
    {
        var query = new StoreQuery { Limit = Limits.PageSize }.With("country", country).With("archived", "false");
        return new TaxTable([.. await rates.AllAsync(tenant, query, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false)]);
    }
}
