namespace BillApis.Storage.Sql.Metering;

/// <summary>Finds the customers of many subscriptions at once.</summary>
internal sealed class OwnerLookup(SqlDatabase database)
{
    public async Task<IReadOnlyDictionary<SubscriptionId, CustomerId>> FindAsync(TenantId tenant, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken cancellationToken)
    {
        var rows = new SqlRows("id text");
        foreach (var subscription in subscriptions)
        {
            rows.Add(subscription.ToString());
        }

        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var found = await database.Dialect.ReadAsync(
            connection,
            null,
            tenant,
            rows,
            ids => $"select s.id, s.customer_id from {ids} as r cross join billing_subscription as s where s.tenant_id = @Tenant and s.id = r.id",
            row => KeyValuePair.Create(EntityId.Parse<SubscriptionId>(row.Text(0)), EntityId.Parse<CustomerId>(row.Text(1))),
            cancellationToken).ConfigureAwait(false);
        return new Dictionary<SubscriptionId, CustomerId>(found);
    }
}
