using System.Text.Json;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Lists, settles and postpones what <see cref="LateMarks"/> wrote.</summary>
internal sealed class LateListing(SqlDatabase database)
{
    public async Task<IReadOnlyList<LateUsage>> ListAsync(LateQuery query, CancellationToken cancellationToken)
    {
        var filters = string.Concat(
            query.Tenant is null ? "" : " and tenant_id = @Tenant",
            query.Customer is null ? "" : " and customer_id = @Customer",
            query.Subscriptions.IsEmpty ? "" : $" and subscription_id in (select r.value from {database.Dialect.Texts("Rows")} as r)",
            query.At is null ? "" : " and (wait_until is null or wait_until <= @At)");
        await using var connection = await database.OpenAsync(query.Tenant, cancellationToken).ConfigureAwait(false);
        return await database.Dialect.QueryAsync(
            connection,
            $"""
            select tenant_id, customer_id, metric_id, subscription_id, first_at, last_at, mark
            from billing_usage_late
            where true{filters}
            order by tenant_id, subscription_id, metric_id
            {(query.Limit == int.MaxValue ? "" : "limit @Limit")}
            """,
            [("Tenant", query.Tenant?.ToString()), ("Customer", query.Customer?.ToString()), ("At", query.At?.ToMicroseconds()), ("Limit", query.Limit), ("Rows", JsonSerializer.Serialize(query.Subscriptions.Select(id => id.ToString())))],
            Read,
            cancellationToken).ConfigureAwait(false);
    }

    public Task SettleAsync(TenantId tenant, IReadOnlyList<LateUsage> settled, CancellationToken cancellationToken) =>
        WriteAsync("delete from billing_usage_late", tenant, settled, cancellationToken);

    public Task PostponeAsync(TenantId tenant, IReadOnlyList<LateUsage> late, Instant until, CancellationToken cancellationToken) =>
        WriteAsync($"update billing_usage_late set wait_until = {until.ToMicroseconds()}", tenant, late, cancellationToken);

    // Only what still bears the mark that the caller saw.
    private Task WriteAsync(string change, TenantId tenant, IReadOnlyList<LateUsage> late, CancellationToken cancellationToken) => late.Count == 0
        ? Task.CompletedTask
        : database.WriteAsync(
            tenant,
            transaction => transaction.BulkAsync(
                $"{change} where tenant_id = @Tenant and (subscription_id, metric_id, mark) in (select r.subscription_id, r.metric_id, r.mark from {Marks()} as r)",
                tenant,
                late.Select(item => new { subscription_id = item.Subscription, metric_id = item.Metric, mark = item.Mark }),
                cancellationToken),
            cancellationToken);

    private string Marks() => database.Dialect.Rows("Rows", "subscription_id text", "metric_id text", "mark text");

    private static LateUsage Read(ISqlRow row) => new(
        EntityId.Parse<TenantId>(row.Text(0)), EntityId.Parse<CustomerId>(row.Text(1)), EntityId.Parse<MetricId>(row.Text(2)), EntityId.Parse<SubscriptionId>(row.Text(3)),
        SqlTime.FromMicroseconds(row.Number(4)), SqlTime.FromMicroseconds(row.Number(5)), row.Text(6));
}
