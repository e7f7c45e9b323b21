namespace BillApis.Storage.Sql.Metering;

/// <summary>Finds many customers by id, external id or alias at once; a name that two customers go by finds neither.</summary>
internal sealed class CustomerLookup(SqlDatabase database)
{
    public async Task<IReadOnlyDictionary<string, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("n bigint", "name text");
        foreach (var reference in references)
        {
            rows.Add(rows.Count, reference);
        }

        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var found = await database.Dialect.ReadAsync(
            connection,
            null,
            tenant,
            rows,
            names => $"""
                select r.n, c.id from {names} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.alias = r.name
                union all
                select r.n, a.customer_id from {names} as r cross join billing_customer_name as a where a.tenant_id = @Tenant and a.alias = r.name
                union all
                select r.n, c.id from {names} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.id = r.name
                """,
            row => (Reference: rows[(int)row.Number(0), 1].Text!, Id: row.Text(1)),
            cancellationToken).ConfigureAwait(false);
        var customers = new Dictionary<string, CustomerId>(StringComparer.Ordinal);

        // An id goes before somebody's other name of the same spelling.
        foreach (var names in found.GroupBy(row => row.Reference))
        {
            var ids = names.Select(row => row.Id).Distinct().ToList();
            if (ids.Contains(names.Key) || ids.Count == 1)
            {
                customers[names.Key] = EntityId.Parse<CustomerId>(ids.Count == 1 ? ids[0] : names.Key);
            }
        }

        return customers;
    }
}
