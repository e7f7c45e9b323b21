using System.Data.Common;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Counts what counts of a tenant's events of a day, one by one, within a transaction whose indexes have caught up.</summary>
internal sealed class CountedEvents(SqlDialect dialect, DbTransaction transaction, TenantId tenant, KnownMetrics metrics)
{
    public async Task AddAsync(CountedTotals counted, UsageBucket day, CancellationToken cancellationToken)
    {
        var corrected = await NetEvents.AreCorrectedAsync(transaction.Connection!, transaction, tenant, cancellationToken).ConfigureAwait(false);
        await AddAsync(counted, day, Sent(corrected), cancellationToken).ConfigureAwait(false);
        if (corrected)
        {
            await AddAsync(counted, day, Amended, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AddAsync(CountedTotals counted, UsageBucket day, string sql, CancellationToken cancellationToken)
    {
        var rows = transaction.Connection!.QueryUnbufferedAsync<EventRow>(sql, new { Tenant = tenant.ToString(), First = day.Start.ToMicroseconds(), Last = day.Next.Start.ToMicroseconds() }, transaction);
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (row is { CustomerId: { Length: > 0 } customer, Metrics.Length: > 0 } && counted.Takes(customer))
            {
                var item = row.Read();
                await metrics.KnowAsync(item.Metrics, cancellationToken).ConfigureAwait(false);
                counted.Add(customer, totals => Add(totals, item));
            }
        }
    }

    private void Add(UsageTotals totals, StoredEvent item)
    {
        foreach (var id in item.Metrics)
        {
            if (!metrics.TryFind(id, out var metric) || metric.Measure(item.Event, out var part) is not null)
            {
                throw new BillingException(BillingErrorCode.Conflict, $"The event '{item.Event.Id}' counts for the metric '{id}', which {(metric is null ? "is not there" : "cannot measure it")}.");
            }

            totals.Add(item.Customer!.Value, part, item.Event, item.Event.Timestamp!.Value);
        }
    }

    private string Sent(bool corrected) =>
        $"""
        select {EventRow.Columns}
        from {EventRow.ByTime} as e
        where e.tenant_id = @Tenant and {dialect.UsageLog.Happened(EventRow.ByTime, "@First", "@Last")}
          {(corrected ? $"and {NetEvents.NeverCorrected()}" : "")}
        """;

    private static readonly string Amended = $"""
        select {NetEvents.Columns}
        from billing_usage_correction as c
        where c.tenant_id = @Tenant and c.customer_id is not null and c.at >= @First and c.at < @Last
          and {NetEvents.IsLast()}
        """;
}
