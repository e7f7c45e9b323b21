using System.Data.Common;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads quantities: whole months, days and hours from the totals, and the parts of hours at the edges from the events themselves.</summary>
internal sealed class UsageReader(SqlDatabase database, UsageDeltas deltas)
{
    private readonly SqlDialect _dialect = database.Dialect;
    private readonly NetEvents _events = new(database.Dialect);

    public async Task<IReadOnlyList<UsageReading>> ReadAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
        await deltas.CatchUpAsync(connection, tenant, cancellationToken).ConfigureAwait(false);
        var first = requests.Any(request => request.Metric.Recurring) ? await FirstAsync(connection, tenant, cancellationToken).ConfigureAwait(false) : null;
        var slots = requests.Select((request, index) => new UsageSlot(index, request, first)).ToList();
        await ReadTotalsAsync(connection, tenant, slots, cancellationToken).ConfigureAwait(false);
        await ReadPartsAsync(connection, tenant, slots, cancellationToken).ConfigureAwait(false);
        return [.. slots.Select(slot => slot.Tally.Read())];
    }

    // Nothing happened before it: what goes on from before a period is read from there.
    private static async Task<Instant?> FirstAsync(DbConnection connection, TenantId tenant, CancellationToken cancellationToken)
    {
        var hour = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            $"select min(hour) from billing_usage_total where tenant_id = @Tenant and level = {(int)UsageLevel.Month}", new { Tenant = tenant.ToString() }, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return hour is { } month ? new UsageBucket(UsageLevel.Month, month).Start : null;
    }

    private async Task ReadTotalsAsync(DbConnection connection, TenantId tenant, List<UsageSlot> slots, CancellationToken cancellationToken)
    {
        await Read<UsageTotalRow>(UsageTotalRow.Select(Requests()) + Subscribed("t"), _ => true, (slot, row) => slot.Add((int)row.Place, row.Dimensions, row.Total)).ConfigureAwait(false);
        await Read<UsageItemRow>(UsageItemRow.Select(Requests()) + Subscribed("i"), metric => metric.Aggregation is Aggregation.UniqueCount or Aggregation.Percentile, (slot, row) => slot.Tally.Add(Dimensions.Parse(row.Dimensions), row.Item, row.Known)).ConfigureAwait(false);

        async Task Read<T>(string sql, Func<Metric, bool> wanted, Action<UsageSlot, T> add) where T : UsageRow
        {
            var rows = slots.Where(slot => wanted(slot.Request.Metric)).SelectMany(slot => slot.Rows()).ToList();
            foreach (var row in rows.Count == 0 ? [] : await connection.BulkReadAsync<T>(sql, tenant, rows, cancellationToken).ConfigureAwait(false))
            {
                add(slots[(int)row.N], row);
            }
        }
    }

    /// <summary>The events that a request counts.</summary>
    public async Task<IReadOnlyList<UsageEvent>> ReadEventsAsync(TenantId tenant, UsageRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
        var events = await _events.ReadAsync(connection, null, tenant, [Of(request, request.Period)], cancellationToken).ConfigureAwait(false);
        return [.. events.Select(item => item.Event).Where(item => item.Metrics.Contains(request.Metric.Id) && request.Knows(item)).Select(item => item.Event)];
    }

    // Requests for several metrics of one period need the same events: those are read once.
    private async Task ReadPartsAsync(DbConnection connection, TenantId tenant, IReadOnlyList<UsageSlot> slots, CancellationToken cancellationToken)
    {
        var parts = slots.SelectMany(slot => slot.Parts.Select(part => (Slot: slot, Key: Of(slot.Request, part)))).GroupBy(pair => pair.Key, pair => pair.Slot).ToList();
        foreach (var (place, item) in await _events.ReadAsync(connection, null, tenant, [.. parts.Select(part => part.Key)], cancellationToken).ConfigureAwait(false))
        {
            foreach (var slot in parts[place])
            {
                slot.Add(item);
            }
        }
    }

    private static EventRequest Of(UsageRequest request, Interval part) =>
        new(request.Customer, request.Metric.EventType, request.Subscription, part, request.Recorded is { HasEnd: true } recorded ? recorded.End : null);

    private string Requests() => _dialect.Rows("Rows", "n bigint", "place bigint", "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text");

    private static string Subscribed(string table) => $" and (r.subscription_id is null or {table}.subscription_id in ('', r.subscription_id))";
}
