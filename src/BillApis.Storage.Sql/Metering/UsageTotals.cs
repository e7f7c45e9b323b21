using System.Data.Common;
using System.Runtime.InteropServices;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What a batch adds to the running totals: one row for each total that it moves, in one order for all writers.</summary>
internal sealed class UsageTotals
{
    private readonly Dictionary<Key, UsageTotal> _totals = [];
    private readonly HashSet<(Key Key, string Item)> _items = [];

    public void Add(UsageEntry entry)
    {
        foreach (var part in entry.Open)
        {
            var key = new Key(entry.Item.Customer!.Value, part.Metric.Id, HourOf(entry.Item.At), entry.Item.Event.SubscriptionId, part.Dimensions.Json);
            var total = UsageTotal.Of(part, entry.Item.Event, entry.Item.At);
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_totals, key, out var exists);
            known = exists ? known!.Merge(total) : total;
            if (part.Item is { } item)
            {
                _items.Add((key, item));
            }
        }
    }

    public async Task WriteAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        if (_totals.Count > 0)
        {
            await dialect.WriteAsync(transaction, tenant, TotalRows(), rows => Upsert(dialect, rows), cancellationToken).ConfigureAwait(false);
        }

        if (_items.Count > 0)
        {
            await dialect.WriteAsync(transaction, tenant, ItemRows(), InsertItems, cancellationToken).ConfigureAwait(false);
        }
    }

    public static long HourOf(Instant at) => Floor(at.ToUnixTimeSeconds());

    private static long Floor(long seconds) => (seconds - (((seconds % 3_600) + 3_600) % 3_600)) / 3_600;

    private SqlRows TotalRows()
    {
        var rows = new SqlRows(
            "customer_id text", "metric_id text", "hour bigint", "subscription_id text", "dimensions text", "events bigint",
            "value_sum decimal", "value_max decimal", "value_min decimal", "latest_at bigint", "latest_tie text", "latest_value decimal");
        foreach (var (key, total) in _totals.OrderBy(pair => pair.Key))
        {
            rows.Add(
                key.Customer.ToString(), key.Metric.ToString(), key.Hour, key.Subscription?.ToString() ?? "", key.Dimensions, total.Events,
                Text(total.Sum), Text(total.Max), Text(total.Min), total.Latest?.At.ToMicroseconds(), total.Latest?.Tie, Text(total.Latest?.Value));
        }

        return rows;
    }

    private SqlRows ItemRows()
    {
        var rows = new SqlRows("customer_id text", "metric_id text", "hour bigint", "subscription_id text", "dimensions text", "item text");
        foreach (var (key, item) in _items.OrderBy(pair => pair.Key).ThenBy(pair => pair.Item, StringComparer.Ordinal))
        {
            rows.Add(key.Customer.ToString(), key.Metric.ToString(), key.Hour, key.Subscription?.ToString() ?? "", key.Dimensions, item);
        }

        return rows;
    }

    private static string? Text(decimal? value) => value is { } number ? Exact.Format(number) : null;

    // A total has the values that its metric needs and no others: nothing is worked out for those.
    private static string Upsert(SqlDialect dialect, string rows)
    {
        const string later = "(excluded.latest_at > t.latest_at or (excluded.latest_at = t.latest_at and excluded.latest_tie > t.latest_tie))";
        return $"""
            insert into billing_usage_total as t (tenant_id, customer_id, metric_id, hour, subscription_id, dimensions, events, value_sum, value_max, value_min, latest_at, latest_tie, latest_value)
            select @Tenant, r.customer_id, r.metric_id, r.hour, r.subscription_id, r.dimensions, r.events, r.value_sum, r.value_max, r.value_min, r.latest_at, r.latest_tie, r.latest_value
            from {rows} as r
            where true
            on conflict (tenant_id, customer_id, metric_id, hour, subscription_id, dimensions) do update set
                events = t.events + excluded.events,
                value_sum = case when excluded.value_sum is not null then {dialect.Add("t.value_sum", "excluded.value_sum")} end,
                value_max = case when excluded.value_max is not null then {dialect.Greatest("t.value_max", "excluded.value_max")} end,
                value_min = case when excluded.value_min is not null then {dialect.Least("t.value_min", "excluded.value_min")} end,
                latest_value = case when {later} then excluded.latest_value else t.latest_value end,
                latest_tie = case when {later} then excluded.latest_tie else t.latest_tie end,
                latest_at = case when {later} then excluded.latest_at else t.latest_at end
            """;
    }

    private static string InsertItems(string rows) =>
        $"""
        insert into billing_usage_item (tenant_id, customer_id, metric_id, hour, subscription_id, dimensions, item)
        select @Tenant, r.customer_id, r.metric_id, r.hour, r.subscription_id, r.dimensions, r.item
        from {rows} as r
        where true
        on conflict do nothing
        """;

    private readonly record struct Key(CustomerId Customer, MetricId Metric, long Hour, SubscriptionId? Subscription, string Dimensions) : IComparable<Key>
    {
        public int CompareTo(Key other) =>
            Customer.Value.CompareTo(other.Customer.Value) is not 0 and var customer ? customer
            : Metric.Value.CompareTo(other.Metric.Value) is not 0 and var metric ? metric
            : Hour.CompareTo(other.Hour) is not 0 and var hour ? hour
            : Nullable.Compare(Subscription?.Value, other.Subscription?.Value) is not 0 and var subscription ? subscription
            : string.CompareOrdinal(Dimensions, other.Dimensions);
    }
}
