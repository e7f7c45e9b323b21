using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Counts buckets anew: an hour from the events that count in it by now, a day from its hours, and a month from its days.</summary>
/// <remarks>Nothing else may write usage of the tenant meanwhile.</remarks>
internal sealed class UsageRecount(SqlDialect dialect, DbTransaction transaction, TenantId tenant)
{
    private static readonly string[] Columns = ["n bigint", "place bigint", "level bigint", "hour bigint", "customer_id text", "metric_id text"];

    /// <summary>Counts anew what some events count for.</summary>
    public async Task RunAsync(IReadOnlyList<StampedEvent> changed, CancellationToken cancellationToken)
    {
        List<Cell> cells = [.. changed.SelectMany(item => item.Contributions.Select(part => new Cell(UsageBucket.Of(UsageLevel.Hour, item.At), item.Customer!.Value, part.Metric))).DistinctBy(cell => cell.Key)];
        if (cells.Count == 0)
        {
            return;
        }

        await ReplaceAsync(cells, await OfEventsAsync(cells, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        while (cells[0].Bucket.Level is not UsageLevel.Month)
        {
            cells = [.. cells.Select(cell => cell with { Bucket = cell.Bucket.Wider }).DistinctBy(cell => cell.Key)];
            await ReplaceAsync(cells, await OfPartsAsync(cells, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<UsageTotals> OfEventsAsync(List<Cell> cells, CancellationToken cancellationToken)
    {
        var (totals, hours) = (new UsageTotals(), cells.GroupBy(cell => (cell.Customer, cell.Bucket)).ToList());
        var requests = hours.Select(hour => new EventRequest(hour.Key.Customer, null, null, new Interval(hour.Key.Bucket.Start, hour.Key.Bucket.Next.Start), null)).ToList();
        foreach (var (place, item) in await new NetEvents(dialect).ReadAsync(transaction.Connection!, transaction, tenant, requests, cancellationToken).ConfigureAwait(false))
        {
            foreach (var cell in hours[place].Where(cell => item.Metrics.Contains(cell.Metric.Id)))
            {
                cell.Metric.Measure(item.Event, out var part);
                totals.Add(cell.Customer, part, item.Event, item.Event.Timestamp!.Value);
            }
        }

        return totals;
    }

    private async Task<UsageTotals> OfPartsAsync(List<Cell> cells, CancellationToken cancellationToken)
    {
        var totals = new UsageTotals();
        var parts = cells.Select(cell => cell.Bucket.Parts.ToList()).ToList();
        var rows = cells.SelectMany((cell, n) => parts[n].Select((part, place) => cell.Row(part, n, place))).ToList();
        foreach (var row in await transaction.BulkReadAsync<UsageTotalRow>(UsageTotalRow.Select(dialect.Rows("Rows", Columns)), tenant, rows, cancellationToken).ConfigureAwait(false))
        {
            totals.Add(Of(row), row.Total.Since(parts[(int)row.N][(int)row.Place].After(cells[(int)row.N].Bucket)));
        }

        foreach (var row in await transaction.BulkReadAsync<UsageItemRow>(UsageItemRow.Select(dialect.Rows("Rows", Columns)), tenant, rows, cancellationToken).ConfigureAwait(false))
        {
            totals.Add(Of(row), row.Item, row.Known);
        }

        return totals;

        UsageKey Of(UsageRow row) => new(
            cells[(int)row.N].Bucket, cells[(int)row.N].Customer, cells[(int)row.N].Metric.Id, row.SubscriptionId.Length == 0 ? null : EntityId.Parse<SubscriptionId>(row.SubscriptionId), row.Dimensions);
    }

    private async Task ReplaceAsync(List<Cell> cells, UsageTotals totals, CancellationToken cancellationToken)
    {
        var rows = cells.Select((cell, n) => cell.Row(cell.Bucket, n, 0)).ToList();
        foreach (var table in new[] { "billing_usage_total", "billing_usage_item" })
        {
            await transaction.BulkAsync(
                $"""
                delete from {table}
                where tenant_id = @Tenant and (level, hour, customer_id, metric_id) in (select r.level, r.hour, r.customer_id, r.metric_id from {dialect.Rows("Rows", Columns)} as r)
                """,
                tenant,
                rows,
                cancellationToken).ConfigureAwait(false);
        }

        await totals.StoreAsync(dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
    }

    private sealed record Cell(UsageBucket Bucket, CustomerId Customer, Metric Metric)
    {
        public (UsageBucket, CustomerId, MetricId) Key => (Bucket, Customer, Metric.Id);

        public object Row(UsageBucket bucket, int n, int place) => new { n, place, level = (int)bucket.Level, hour = bucket.Hour, customer_id = Customer, metric_id = Metric.Id };
    }
}
