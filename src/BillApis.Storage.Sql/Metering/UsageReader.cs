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
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        await deltas.CatchUpAsync(connection, tenant, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(connection, null, tenant, requests, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what a transaction sees; what trails must have caught up in it.</summary>
    public async Task<IReadOnlyList<UsageReading>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        var first = requests.Any(request => request.IsCarried) ? await FirstAsync(connection, transaction, tenant, cancellationToken).ConfigureAwait(false) : null;
        var cut = new Dictionary<Interval, UsageEdges>();
        var slots = requests.Select((request, index) => new UsageSlot(index, request, first, cut)).ToList();
        await ReadTotalsAsync(connection, transaction, tenant, slots, cancellationToken).ConfigureAwait(false);
        await ReadPartsAsync(connection, transaction, tenant, slots, cancellationToken).ConfigureAwait(false);
        return [.. slots.Select(slot => slot.Tally.Read())];
    }

    // Nothing happened before it: what goes on from before a period is read from there.
    private static async Task<Instant?> FirstAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var hour = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            $"select min(hour) from billing_usage_total where tenant_id = @Tenant and level = {(int)UsageLevel.Month}", new { Tenant = tenant.ToString() }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return hour is { } month ? new UsageBucket(UsageLevel.Month, month).Start : null;
    }

    private async Task ReadTotalsAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, List<UsageSlot> slots, CancellationToken cancellationToken)
    {
        foreach (var row in await ReadAsync(slots, UsageTotalRow.Select, UsageTotalRow.Read).ConfigureAwait(false))
        {
            slots[row.N].Add(row.Place, row.Dimensions, row.Total);
        }

        foreach (var row in await ReadAsync(slots.Where(slot => slot.Request.Metric.Aggregation is Aggregation.UniqueCount or Aggregation.Percentile), UsageItemRow.Select, UsageItemRow.Read).ConfigureAwait(false))
        {
            slots[row.N].Tally.Add(Dimensions.Parse(row.Dimensions), row.Name, row.Item);
        }

        async Task<List<T>> ReadAsync<T>(IEnumerable<UsageSlot> asking, Func<string, string> sql, Func<ISqlRow, T> read)
        {
            var rows = new UsageAskRows();
            foreach (var slot in asking)
            {
                slot.Ask(rows);
            }

            return rows.Rows.Count == 0 ? [] : await _dialect.ReadAsync(connection, transaction, tenant, rows.Rows, sql, read, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The events that a request counts.</summary>
    public async Task<IReadOnlyList<UsageEvent>> ReadEventsAsync(TenantId tenant, UsageRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(tenant, cancellationToken).ConfigureAwait(false);
        var events = await _events.ReadAsync(connection, null, tenant, [Of(request, request.Period)], cancellationToken).ConfigureAwait(false);
        await ArchivedUsage.RefuseAsync(connection, null, tenant, [request.Period], cancellationToken).ConfigureAwait(false);
        return [.. events.Select(item => item.Event).Where(item => item.Metrics.Contains(request.Metric.Id) && request.Knows(item)).Select(item => item.Event)];
    }

    // Requests for several metrics of one period need the same events: those are read once.
    private async Task ReadPartsAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, List<UsageSlot> slots, CancellationToken cancellationToken)
    {
        if (slots.TrueForAll(slot => !slot.HasParts))
        {
            return;
        }

        var parts = slots.SelectMany(slot => slot.Parts.Select(part => (Slot: slot, Key: Of(slot.Request, part)))).GroupBy(pair => pair.Key, pair => pair.Slot).ToList();
        foreach (var (place, item) in await _events.ReadAsync(connection, transaction, tenant, [.. parts.Select(part => part.Key)], cancellationToken).ConfigureAwait(false))
        {
            foreach (var slot in parts[place])
            {
                slot.Add(item);
            }
        }

        await ArchivedUsage.RefuseAsync(connection, transaction, tenant, [.. slots.SelectMany(slot => slot.Parts)], cancellationToken).ConfigureAwait(false);
    }

    private static EventRequest Of(UsageRequest request, Interval part) =>
        new(request.Customer, request.Metric.EventType, request.Subscription, part, request.Recorded is { HasEnd: true } recorded ? recorded.End : null);
}
