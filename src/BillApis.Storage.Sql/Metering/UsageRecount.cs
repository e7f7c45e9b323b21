using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Counts buckets anew: an hour from the events that count in it by now, a day from its hours, and a month from its days.</summary>
/// <remarks>Nothing else may write usage of the tenant meanwhile.</remarks>
internal sealed class UsageRecount(SqlDialect dialect, DbTransaction transaction, TenantId tenant)
{
    private const int CellsPerStep = 500;
    private static readonly string[] Columns = ["level bigint", "hour bigint", "customer_id text", "metric_id text"];

    /// <summary>Counts anew what some events count for.</summary>
    public Task RunAsync(IReadOnlyList<StampedEvent> changed, CancellationToken cancellationToken) => RunAsync(changed.SelectMany(UsageCell.Of), cancellationToken);

    /// <summary>Counts hours anew, and then their days and months, step by step.</summary>
    public async Task RunAsync(IEnumerable<UsageCell> hours, CancellationToken cancellationToken)
    {
        // What lies together is counted together: the events of an hour are read once for all its metrics.
        List<UsageCell> cells = [.. hours.DistinctBy(cell => cell.Key).OrderBy(cell => cell.Bucket.Hour).ThenBy(cell => cell.Customer.Value)];
        await ArchivedUsage.RefuseAsync(transaction.Connection!, transaction, tenant, [.. cells.Select(cell => cell.Bucket).Distinct().Select(hour => new Interval(hour.Start, hour.Next.Start))], cancellationToken).ConfigureAwait(false);
        for (var level = UsageLevel.Hour; cells.Count > 0; level++)
        {
            foreach (var step in cells.Chunk(CellsPerStep))
            {
                await ReplaceAsync(step, level is UsageLevel.Hour ? await OfEventsAsync(step, cancellationToken).ConfigureAwait(false) : await OfPartsAsync(step, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }

            cells = level is UsageLevel.Month ? [] : [.. cells.Select(cell => cell with { Bucket = cell.Bucket.Wider }).DistinctBy(cell => cell.Key)];
        }
    }

    private async Task<UsageTotals> OfEventsAsync(UsageCell[] cells, CancellationToken cancellationToken)
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

    private async Task<UsageTotals> OfPartsAsync(UsageCell[] cells, CancellationToken cancellationToken)
    {
        var totals = new UsageTotals();
        var (parts, rows) = (cells.Select(cell => cell.Bucket.Parts.ToList()).ToList(), new UsageAskRows());
        foreach (var (n, cell) in cells.Index())
        {
            foreach (var (place, part) in parts[n].Index())
            {
                rows.Add(n, place, part, cell.Customer, cell.Metric.Id, null);
            }
        }

        foreach (var row in await dialect.ReadAsync(transaction.Connection!, transaction, tenant, rows.Rows, UsageTotalRow.Select, UsageTotalRow.Read, cancellationToken).ConfigureAwait(false))
        {
            totals.Add(Of(row), row.Total.Since(parts[row.N][row.Place].After(cells[row.N].Bucket)));
        }

        foreach (var row in await dialect.ReadAsync(transaction.Connection!, transaction, tenant, rows.Rows, UsageItemRow.Select, UsageItemRow.Read, cancellationToken).ConfigureAwait(false))
        {
            totals.Add(Of(row), row.Name, row.Item);
        }

        return totals;

        UsageKey Of(UsageRow row) => new(
            cells[row.N].Bucket, cells[row.N].Customer, cells[row.N].Metric.Id, row.Subscription.Length == 0 ? null : EntityId.Parse<SubscriptionId>(row.Subscription), row.Dimensions);
    }

    private async Task ReplaceAsync(UsageCell[] cells, UsageTotals totals, CancellationToken cancellationToken)
    {
        var rows = cells.Select(cell => cell.Row).ToList();
        foreach (var table in UsageTotals.Tables)
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
}

/// <summary>A bucket of one customer and metric.</summary>
internal sealed record UsageCell(UsageBucket Bucket, CustomerId Customer, Metric Metric)
{
    public (UsageBucket, CustomerId, MetricId) Key => (Bucket, Customer, Metric.Id);

    public object Row => new { level = (int)Bucket.Level, hour = Bucket.Hour, customer_id = Customer, metric_id = Metric.Id };

    /// <summary>The hours that an event counts in.</summary>
    public static IEnumerable<UsageCell> Of(StampedEvent item) => item.Contributions.Select(part => new UsageCell(UsageBucket.Of(UsageLevel.Hour, item.At), item.Customer!.Value, part.Metric));
}
