using System.Data.Common;
using System.Globalization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads quantities: whole hours from the totals and the parts of hours at the edges from the events themselves.</summary>
internal sealed class UsageReader(SqlDatabase database)
{
    private readonly SqlDialect _dialect = database.Dialect;

    public async Task<IReadOnlyList<UsageReading>> ReadAsync(TenantId tenant, IReadOnlyList<UsageRequest> requests, CancellationToken cancellationToken)
    {
        var slots = requests.Select((request, index) => new Slot(index, request)).ToList();
        await using var connection = await database.OpenUsageAsync(cancellationToken).ConfigureAwait(false);
        await ReadHoursAsync(connection, tenant, slots, cancellationToken).ConfigureAwait(false);
        await ReadPartsAsync(connection, tenant, slots, cancellationToken).ConfigureAwait(false);
        return [.. slots.Select(slot => slot.Tally.Read())];
    }

    private async Task ReadHoursAsync(DbConnection connection, TenantId tenant, IReadOnlyList<Slot> slots, CancellationToken cancellationToken)
    {
        await Read<TotalRow>(Totals(), _ => true, (tally, row) => tally.Add(Dimensions.Parse(row.Dimensions), row.Total)).ConfigureAwait(false);
        await Read<LatestRow>(Latest(), aggregation => aggregation is Aggregation.Latest, (tally, row) => tally.Add(Dimensions.Parse(row.Dimensions), row.Total)).ConfigureAwait(false);
        await Read<ItemRow>(Items(), aggregation => aggregation is Aggregation.UniqueCount, (tally, row) => tally.AddItem(Dimensions.Parse(row.Dimensions), row.Item)).ConfigureAwait(false);

        async Task Read<T>(string sql, Func<Aggregation, bool> wanted, Action<UsageTally, T> add) where T : Row
        {
            var rows = slots.Where(slot => slot.Edges.HasHours && wanted(slot.Request.Metric.Aggregation)).Select(slot => slot.Row()).ToList();
            foreach (var row in rows.Count == 0 ? [] : await connection.BulkReadAsync<T>(sql, tenant, rows, cancellationToken).ConfigureAwait(false))
            {
                add(slots[(int)row.N].Tally, row);
            }
        }
    }

    // Requests for several metrics of one period need the same events: those are read once.
    private async Task ReadPartsAsync(DbConnection connection, TenantId tenant, IReadOnlyList<Slot> slots, CancellationToken cancellationToken)
    {
        var parts = slots.SelectMany(slot => slot.Edges.Parts.Select(part => (Slot: slot, Key: (slot.Request.Customer, slot.Request.Metric.EventType, slot.Request.Subscription, Part: part))))
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
            foreach (var slot in parts[(int)row.N].Where(slot => stored.Metrics.Contains(slot.Request.Metric.Id)))
            {
                slot.Request.Metric.Measure(stored.Event, out var contribution);
                slot.Tally.Add(contribution, stored.Event, stored.Event.Timestamp!.Value);
            }
        }
    }

    private string Totals() =>
        $"""
        select r.n as N, t.dimensions as Dimensions, cast(sum(t.events) as bigint) as Events,
               cast({_dialect.Sum("t.value_sum")} as text) as ValueSum, cast({_dialect.Max("t.value_max")} as text) as ValueMax, cast({_dialect.Min("t.value_min")} as text) as ValueMin
        from {Requests()} as r
        cross join billing_usage_total as t
        where {Hours("t")}
        group by r.n, t.dimensions
        """;

    private string Latest() =>
        $"""
        select n as N, dimensions as Dimensions, latest_at as LatestAt, latest_tie as LatestTie, cast(latest_value as text) as LatestValue
        from (
            select r.n, t.dimensions, t.latest_at, t.latest_tie, t.latest_value,
                   row_number() over (partition by r.n, t.dimensions order by t.latest_at desc, t.latest_tie desc) as place
            from {Requests()} as r
            cross join billing_usage_total as t
            where {Hours("t")}
        ) as placed
        where place = 1
        """;

    private string Items() =>
        $"""
        select distinct r.n as N, i.dimensions as Dimensions, i.item as Item
        from {Requests()} as r
        cross join billing_usage_item as i
        where {Hours("i")}
        """;

    private string Parts() =>
        $"""
        select r.n as N, {EventRow.Columns}
        from {_dialect.Rows("Rows", "n bigint", "customer_id text", "type text", "subscription_id text", "first bigint", "last bigint")} as r
        cross join {EventRow.ByCustomer} as e
        where e.tenant_id = @Tenant and e.customer_id = r.customer_id and e.at >= r.first and e.at < r.last and e.type = r.type
          and (r.subscription_id is null or e.subscription_id in ('', r.subscription_id))
        """;

    private string Requests() => _dialect.Rows("Rows", "n bigint", "customer_id text", "metric_id text", "subscription_id text", "first bigint", "last bigint");

    private static string Hours(string table) =>
        $"""
        {table}.tenant_id = @Tenant and {table}.customer_id = r.customer_id and {table}.metric_id = r.metric_id and {table}.hour >= r.first and {table}.hour < r.last
          and (r.subscription_id is null or {table}.subscription_id in ('', r.subscription_id))
        """;

    private sealed class Slot(int index, UsageRequest request)
    {
        public UsageRequest Request { get; } = request;

        public UsageTally Tally { get; } = new(request);

        public UsageEdges Edges { get; } = UsageEdges.Of(request.Period);

        public object Row() => new { n = index, customer_id = Request.Customer, metric_id = Request.Metric.Id, subscription_id = Request.Subscription, first = Edges.FirstHour, last = Edges.LastHour };
    }

    private abstract record Row
    {
        public required long N { get; init; }
        public required string Dimensions { get; init; }
    }

    private sealed record TotalRow : Row
    {
        public required long Events { get; init; }
        public string? ValueSum { get; init; }
        public string? ValueMax { get; init; }
        public string? ValueMin { get; init; }

        public UsageTotal Total => new() { Events = Events, Sum = Number(ValueSum), Max = Number(ValueMax), Min = Number(ValueMin) };

        private static decimal? Number(string? text) => text is null ? null : decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
    }

    private sealed record LatestRow : Row
    {
        public required long LatestAt { get; init; }
        public required string LatestTie { get; init; }
        public required string LatestValue { get; init; }

        public UsageTotal Total => new()
        {
            Latest = new LatestValue(SqlTime.FromMicroseconds(LatestAt), LatestTie, decimal.Parse(LatestValue, NumberStyles.Number, CultureInfo.InvariantCulture)),
        };
    }

    private sealed record ItemRow : Row
    {
        public required string Item { get; init; }
    }

    private sealed record PartRow : EventRow
    {
        public required long N { get; init; }
    }
}
