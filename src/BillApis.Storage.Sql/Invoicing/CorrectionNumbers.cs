using System.Data.Common;
using System.Text.Json;
using BillApis.Storage.Sql.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>The numbers of corrections in <c>billing_correction</c>: each is taken once, in the transaction of what corrects.</summary>
internal static class CorrectionNumbers
{
    /// <exception cref="DbException">A number is taken; the unique key refuses it.</exception>
    public static async Task TakeAsync(
        SqlDialect dialect, DbTransaction transaction, TenantId tenant, IReadOnlyList<(SubscriptionId Subscription, int Number)> numbers, CancellationToken cancellationToken)
    {
        if (numbers.Count > 0)
        {
            await transaction.BulkAsync(
                $"""
                insert into billing_correction (tenant_id, subscription_id, number)
                select @Tenant, r.subscription_id, r.number from {dialect.Rows("Rows", "subscription_id text", "number bigint")} as r
                """,
                tenant,
                numbers.OrderBy(item => item.Subscription.Value).Select(item => new { subscription_id = item.Subscription, number = item.Number }),
                cancellationToken).ConfigureAwait(false);
        }
    }

    public static async Task<bool> TryTakeAsync(SqlDatabase database, TenantId tenant, SubscriptionId subscription, int number, CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync(
                tenant,
                async transaction =>
                {
                    await TakeAsync(database.Dialect, transaction, tenant, [(subscription, number)], cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (DbException exception) when (database.Dialect.IsUniqueViolation(exception))
        {
            return false;
        }
    }

    public static async Task<IReadOnlyDictionary<SubscriptionId, int>> CountAsync(SqlDatabase database, TenantId tenant, IReadOnlyList<SubscriptionId> subscriptions, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            select c.subscription_id as SubscriptionId, max(c.number) as Number
            from {database.Dialect.Texts("Subscriptions")} as r
            cross join billing_correction as c
            where c.tenant_id = @Tenant and c.subscription_id = r.value
            group by c.subscription_id
            """,
            new { Tenant = tenant.ToString(), Subscriptions = JsonSerializer.Serialize(subscriptions.Select(id => id.ToString())) },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        var counts = subscriptions.ToDictionary(id => id, _ => 0);
        foreach (var row in rows)
        {
            counts[EntityId.Parse<SubscriptionId>(row.SubscriptionId)] = (int)row.Number;
        }

        return counts;
    }

    private sealed record Row
    {
        public required string SubscriptionId { get; init; }
        public required long Number { get; init; }
    }
}
