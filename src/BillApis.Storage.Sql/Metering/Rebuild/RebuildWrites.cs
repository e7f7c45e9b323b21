using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Sets totals to what was counted, and marks billed usage among them to be rated again.</summary>
internal sealed class RebuildWrites(SqlDialect dialect, DbTransaction transaction, TenantId tenant, KnownMetrics metrics)
{
    private const int RowsPerStatement = 1_000;
    private static readonly Duration Least = Duration.FromTicks(10);
    private static readonly string[] Columns = ["level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text", "dimensions text", "item text"];

    public async Task SetAsync(IReadOnlyList<RebuildDifference> differences, CancellationToken cancellationToken)
    {
        await DeleteAsync("billing_usage_total", "", differences.Where(difference => difference.Total.Kept is not null), cancellationToken).ConfigureAwait(false);
        await DeleteAsync("billing_usage_item", ", item", differences.Where(difference => difference.Value.Kept is not null), cancellationToken).ConfigureAwait(false);
        var totals = new UsageTotals();
        foreach (var difference in differences)
        {
            if (difference.Total.Counted is { } total)
            {
                totals.Add(difference.Key, total);
            }

            if (difference.Value.Counted is { } value)
            {
                totals.Add(difference.Key, difference.Item!, value);
            }
        }

        await totals.StoreAsync(dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
        await MarkAsync([.. differences.Select(difference => difference.Key).Distinct()], cancellationToken).ConfigureAwait(false);
    }

    private async Task DeleteAsync(string table, string item, IEnumerable<RebuildDifference> differences, CancellationToken cancellationToken)
    {
        foreach (var rows in differences.Chunk(RowsPerStatement))
        {
            await transaction.BulkAsync(
                $"""
                delete from {table}
                where tenant_id = @Tenant and (level, hour, customer_id, metric_id, subscription_id, dimensions{item}) in (
                  select r.level, r.hour, r.customer_id, r.metric_id, r.subscription_id, r.dimensions{item} from {dialect.Rows("Rows", Columns)} as r)
                """,
                tenant,
                rows.Select(difference => new
                {
                    level = (int)difference.Key.Bucket.Level, hour = difference.Key.Bucket.Hour, customer_id = difference.Key.Customer, metric_id = difference.Key.Metric,
                    subscription_id = difference.Key.Subscription?.ToString() ?? "", dimensions = difference.Key.Dimensions, item = difference.Item,
                }),
                cancellationToken).ConfigureAwait(false);
        }
    }

    // A period that was billed may begin or end within an hour: the mark reaches over all of it.
    private async Task MarkAsync(IReadOnlyList<UsageKey> changed, CancellationToken cancellationToken)
    {
        var late = new LateMarks(await UsageGates.ReadAsync(dialect, transaction, tenant, changed.Select(key => (key.Customer, key.Metric)), cancellationToken).ConfigureAwait(false));
        foreach (var key in changed)
        {
            if (metrics.TryFind(key.Metric, out var metric))
            {
                late.Add(key.Customer, metric, key.Subscription, key.Bucket.Start);
                late.Add(key.Customer, metric, key.Subscription, key.Bucket.Next.Start - Least);
            }
        }

        await late.WriteAsync(dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
    }
}
