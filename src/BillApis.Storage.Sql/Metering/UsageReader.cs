using System.Data.Common;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads quantities: whole months, days and hours from the totals, and the parts of hours at the edges from the events themselves.</summary>
internal sealed class UsageReader(SqlDatabase database)
{
    private readonly SqlDialect _dialect = database.Dialect;

    public async Task<IReadOnlyList<UsageReading>> ReadAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
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
        await Read<TotalRow>(Totals(), _ => true, (slot, row) => slot.Add((int)row.Place, row)).ConfigureAwait(false);
        await Read<ItemRow>(Items(), metric => metric.Aggregation is Aggregation.UniqueCount or Aggregation.Percentile, (slot, row) => slot.Tally.Add(Dimensions.Parse(row.Dimensions), row.Item, row.Known)).ConfigureAwait(false);

        async Task Read<T>(string sql, Func<Metric, bool> wanted, Action<UsageSlot, T> add) where T : UsageLatestRow
        {
            var rows = slots.Where(slot => wanted(slot.Request.Metric)).SelectMany(slot => slot.Rows()).ToList();
            foreach (var row in rows.Count == 0 ? [] : await connection.BulkReadAsync<T>(sql, tenant, rows, cancellationToken).ConfigureAwait(false))
            {
                add(slots[(int)row.N], row);
            }
        }
    }

    // Requests for several metrics of one period need the same events: those are read once.
    private async Task ReadPartsAsync(DbConnection connection, TenantId tenant, IReadOnlyList<UsageSlot> slots, CancellationToken cancellationToken)
    {
        var parts = slots.SelectMany(slot => slot.Parts.Select(part => (Slot: slot, Key: (slot.Request.Customer, slot.Request.Metric.EventType, slot.Request.Subscription, Part: part))))
            .GroupBy(pair => pair.Key, pair => pair.Slot).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        var rows = parts.Select((part, index) => new
        {
            n = index, customer_id = part.Key.Customer, type = part.Key.EventType, subscription_id = part.Key.Subscription,
            first = part.Key.Part.Start.ToMicroseconds(), last = part.Key.Part.End.ToMicroseconds(),
        });
        foreach (var row in await connection.BulkReadAsync<PartRow>(Parts(), tenant, rows, cancellationToken).ConfigureAwait(false))
        {
            var stored = row.Read();
            foreach (var slot in parts[(int)row.N])
            {
                slot.Add(stored);
            }
        }
    }

    private string Totals() =>
        $"""
        select r.n as N, r.place as Place, t.dimensions as Dimensions, t.events as Events,
               cast(t.value_sum as text) as ValueSum, cast(t.value_moment as text) as ValueMoment, cast(t.value_max as text) as ValueMax, cast(t.value_min as text) as ValueMin,
               t.latest_at as LatestAt, t.latest_tie as LatestTie, cast(t.latest_value as text) as LatestValue
        from {Requests()} as r
        cross join billing_usage_total as t
        where {Bucket("t")}
        """;

    private string Items() =>
        $"""
        select r.n as N, i.dimensions as Dimensions, i.item as Item, i.events as Events, i.latest_at as LatestAt, i.latest_tie as LatestTie, cast(i.latest_value as text) as LatestValue
        from {Requests()} as r
        cross join billing_usage_item as i
        where {Bucket("i")}
        """;

    private string Parts() =>
        $"""
        select r.n as N, {EventRow.Columns}
        from {_dialect.Rows("Rows", "n bigint", "customer_id text", "type text", "subscription_id text", "first bigint", "last bigint")} as r
        cross join {EventRow.ByCustomer} as e
        where e.tenant_id = @Tenant and e.customer_id = r.customer_id and e.at >= r.first and e.at < r.last and e.type = r.type
          and (r.subscription_id is null or e.subscription_id in ('', r.subscription_id))
        """;

    private string Requests() => _dialect.Rows("Rows", "n bigint", "place bigint", "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text");

    private static string Bucket(string table) =>
        $"""
        {table}.tenant_id = @Tenant and {table}.level = r.level and {table}.hour = r.hour and {table}.customer_id = r.customer_id and {table}.metric_id = r.metric_id
          and (r.subscription_id is null or {table}.subscription_id in ('', r.subscription_id))
        """;

    internal sealed record TotalRow : UsageLatestRow
    {
        public required long Place { get; init; }
        public string? ValueSum { get; init; }
        public string? ValueMoment { get; init; }
        public string? ValueMax { get; init; }
        public string? ValueMin { get; init; }

        public UsageTotal Total => new() { Events = Events, Sum = Sum(ValueSum), Moment = Sum(ValueMoment), Max = Number(ValueMax), Min = Number(ValueMin), Latest = Latest };

        private static ExactSum? Sum(string? text) => text is null ? null : ExactSum.Parse(text);
    }

    private sealed record ItemRow : UsageLatestRow
    {
        public required string Item { get; init; }

        public UsageItem Known => new(Events, Latest);
    }

    private sealed record PartRow : EventRow
    {
        public required long N { get; init; }
    }
}
