namespace BillApis.Storage.Sql.Metering;

/// <summary>Finds many customers by id, external id or alias at once; a name that two customers go by finds neither.</summary>
internal sealed class CustomerLookup(SqlDatabase database)
{
    public async Task<IReadOnlyDictionary<string, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        var rows = database.Dialect.Texts("Rows");
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var found = await connection.BulkReadAsync<Row>(
            $"""
            select r.value as Reference, c.id as Id from {rows} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.alias = r.value
            union all
            select r.value as Reference, a.customer_id as Id from {rows} as r cross join billing_customer_name as a where a.tenant_id = @Tenant and a.alias = r.value
            union all
            select r.value as Reference, c.id as Id from {rows} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.id = r.value
            """,
            tenant,
            references,
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

    private sealed record Row
    {
        public required string Reference { get; init; }
        public required string Id { get; init; }
    }
}
