using System.Text.Json;
using BillApis.Metering;
using Dapper;
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
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            select tenant_id as TenantId, customer_id as CustomerId, metric_id as MetricId, subscription_id as SubscriptionId, first_at as FirstAt, last_at as LastAt, mark as Mark
            from billing_usage_late
            where true{filters}
            order by tenant_id, subscription_id, metric_id
            limit @Limit
            """,
            new
            {
                Tenant = query.Tenant?.ToString(), Customer = query.Customer?.ToString(), At = query.At?.ToMicroseconds(), query.Limit,
                Rows = JsonSerializer.Serialize(query.Subscriptions.Select(id => id.ToString())),
            },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return [.. rows.Select(row => row.Read())];
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

    private sealed record Row
    {
        public required string TenantId { get; init; }
        public required string CustomerId { get; init; }
        public required string MetricId { get; init; }
        public required string SubscriptionId { get; init; }
        public required long FirstAt { get; init; }
        public required long LastAt { get; init; }
        public required string Mark { get; init; }

        public LateUsage Read() => new(
            EntityId.Parse<TenantId>(TenantId), EntityId.Parse<CustomerId>(CustomerId), EntityId.Parse<MetricId>(MetricId), EntityId.Parse<SubscriptionId>(SubscriptionId),
            SqlTime.FromMicroseconds(FirstAt), SqlTime.FromMicroseconds(LastAt), Mark);
    }
}
