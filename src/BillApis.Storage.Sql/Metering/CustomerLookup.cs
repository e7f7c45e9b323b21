namespace BillApis.Storage.Sql.Metering;

/// <summary>Finds many customers by id or external id at once.</summary>
internal sealed class CustomerLookup(SqlDatabase database)
{
    public async Task<IReadOnlyDictionary<string, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        var rows = database.Dialect.Texts("Rows");
        await using var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var found = await connection.BulkReadAsync<Row>(
            $"""
            select r.value as Reference, c.id as Id from {rows} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.alias = r.value
            union all
            select r.value as Reference, c.id as Id from {rows} as r cross join billing_customer as c where c.tenant_id = @Tenant and c.id = r.value
            """,
            tenant,
            references,
            cancellationToken).ConfigureAwait(false);
        var customers = new Dictionary<string, CustomerId>(StringComparer.Ordinal);

        // An id goes before somebody's external id of the same spelling.
        foreach (var row in found.OrderBy(row => row.Reference == row.Id))
        {
            customers[row.Reference] = EntityId.Parse<CustomerId>(row.Id);
        }

        return customers;
    }

    private sealed record Row
    {
        public required string Reference { get; init; }
        public required string Id { get; init; }
    }
}
