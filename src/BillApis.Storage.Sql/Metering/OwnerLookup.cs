namespace BillApis.Storage.Sql.Metering;

/// <summary>Finds the customers of many subscriptions at once.</summary>
internal sealed class OwnerLookup(SqlDatabase database)
{
    public async Task<IReadOnlyDictionary<SubscriptionId, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var found = await connection.BulkReadAsync<Row>(
            $"select s.id as Id, s.customer_id as CustomerId from {database.Dialect.Texts("Rows")} as r cross join billing_subscription as s where s.tenant_id = @Tenant and s.id = r.value",
            tenant,
            subscriptions.Select(id => id.ToString()),
            cancellationToken).ConfigureAwait(false);
        return found.ToDictionary(row => EntityId.Parse<SubscriptionId>(row.Id), row => EntityId.Parse<CustomerId>(row.CustomerId));
    }

    private sealed record Row
    {
        public required string Id { get; init; }
        public required string CustomerId { get; init; }
    }
}
