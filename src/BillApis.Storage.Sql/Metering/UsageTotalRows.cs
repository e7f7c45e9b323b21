using System.Globalization;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Rows of <c>billing_usage_total</c>, as they are written and read back.</summary>
internal static class UsageTotalRows
{
    private const string Later = "(excluded.latest_at > t.latest_at or (excluded.latest_at = t.latest_at and excluded.latest_tie > t.latest_tie))";

    public static SqlRows Of(IEnumerable<(UsageKey Key, UsageTotal Total)> totals)
    {
        var rows = new SqlRows(
            "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text", "dimensions text", "events bigint",
            "value_sum decimal", "value_moment decimal", "value_max decimal", "value_min decimal", "latest_at bigint", "latest_tie text", "latest_value decimal");
        foreach (var (key, total) in totals)
        {
            rows.Add(
                (long)key.Bucket.Level, key.Bucket.Hour, key.Customer.ToString(), key.Metric.ToString(), key.Subscription?.ToString() ?? "", key.Dimensions, total.Events,
                total.Sum?.ToString(), total.Moment?.ToString(), Text(total.Max), Text(total.Min), total.Latest?.At.ToMicroseconds(), total.Latest?.Tie, Text(total.Latest?.Value));
        }

        return rows;
    }

    // A total has the values that its metric needs and no others: nothing is worked out for those.
    public static string Upsert(SqlDialect dialect, string rows) =>
        $"""
        insert into billing_usage_total as t (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions,
            events, value_sum, value_moment, value_max, value_min, latest_at, latest_tie, latest_value)
        select @Tenant, r.level, r.hour, r.customer_id, r.metric_id, r.subscription_id, r.dimensions,
            r.events, r.value_sum, r.value_moment, r.value_max, r.value_min, r.latest_at, r.latest_tie, r.latest_value
        from {rows} as r
        where true
        on conflict (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions) do update set
            events = t.events + excluded.events,
            value_sum = case when excluded.value_sum is not null then {dialect.Add("t.value_sum", "excluded.value_sum")} end,
            value_moment = case when excluded.value_moment is not null then {dialect.Add("t.value_moment", "excluded.value_moment")} end,
            value_max = case when excluded.value_max is not null then {dialect.Greatest("t.value_max", "excluded.value_max")} end,
            value_min = case when excluded.value_min is not null then {dialect.Least("t.value_min", "excluded.value_min")} end,
            latest_value = case when {Later} then excluded.latest_value else t.latest_value end,
            latest_tie = case when {Later} then excluded.latest_tie else t.latest_tie end,
            latest_at = case when {Later} then excluded.latest_at else t.latest_at end
        """;

    private static string? Text(decimal? value) => value is { } number ? Exact.Format(number) : null;
}

/// <summary>Rows of <c>billing_usage_item</c>.</summary>
internal static class UsageItemRows
{
    private const string Later = "(excluded.latest_at > i.latest_at or (excluded.latest_at = i.latest_at and excluded.latest_tie > i.latest_tie))";

    public static SqlRows Of(IEnumerable<(UsageKey Key, string Name, UsageItem Item)> items)
    {
        var rows = new SqlRows(
            "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text", "dimensions text", "item text",
            "events bigint", "latest_at bigint", "latest_tie text", "latest_value decimal");
        foreach (var (key, name, item) in items)
        {
            rows.Add(
                (long)key.Bucket.Level, key.Bucket.Hour, key.Customer.ToString(), key.Metric.ToString(), key.Subscription?.ToString() ?? "", key.Dimensions, name,
                item.Events, item.Latest?.At.ToMicroseconds(), item.Latest?.Tie, item.Latest?.Value.ToString(CultureInfo.InvariantCulture));
        }

        return rows;
    }

    public static string Upsert(string rows) =>
        $"""
        insert into billing_usage_item as i (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item, events, latest_at, latest_tie, latest_value)
        select @Tenant, r.level, r.hour, r.customer_id, r.metric_id, r.subscription_id, r.dimensions, r.item, r.events, r.latest_at, r.latest_tie, r.latest_value
        from {rows} as r
        where true
        on conflict (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item) do update set
            events = i.events + excluded.events,
            latest_value = case when {Later} then excluded.latest_value else i.latest_value end,
            latest_tie = case when {Later} then excluded.latest_tie else i.latest_tie end,
            latest_at = case when {Later} then excluded.latest_at else i.latest_at end
        """;
}

/// <summary>What both tables say, as it is read back.</summary>
internal abstract record UsageRow
{
    /// <summary>Which request it answers.</summary>
    public required long N { get; init; }
    public required long Place { get; init; }
    public required string SubscriptionId { get; init; }
    public required string Dimensions { get; init; }
    public required long Events { get; init; }
    public long? LatestAt { get; init; }
    public string? LatestTie { get; init; }
    public string? LatestValue { get; init; }

    protected LatestValue? Latest => LatestAt is { } at ? new LatestValue(SqlTime.FromMicroseconds(at), LatestTie!, Number(LatestValue)!.Value) : null;

    protected static decimal? Number(string? text) => text is null ? null : decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
}

/// <summary>A row of <c>billing_usage_total</c> and the request that it answers.</summary>
internal sealed record UsageTotalRow : UsageRow
{
    public string? ValueSum { get; init; }
    public string? ValueMoment { get; init; }
    public string? ValueMax { get; init; }
    public string? ValueMin { get; init; }

    public UsageTotal Total => new() { Events = Events, Sum = Sum(ValueSum), Moment = Sum(ValueMoment), Max = Number(ValueMax), Min = Number(ValueMin), Latest = Latest };

    /// <summary>The rows of requests named r: a bucket, a customer and a metric each.</summary>
    public static string Select(string requests) =>
        $"""
        select r.n as N, r.place as Place, t.subscription_id as SubscriptionId, t.dimensions as Dimensions, t.events as Events,
               cast(t.value_sum as text) as ValueSum, cast(t.value_moment as text) as ValueMoment, cast(t.value_max as text) as ValueMax, cast(t.value_min as text) as ValueMin,
               t.latest_at as LatestAt, t.latest_tie as LatestTie, cast(t.latest_value as text) as LatestValue
        from {requests} as r
        cross join billing_usage_total as t
        where {Matches("t")}
        """;

    /// <summary>The condition for a bucket, a customer and a metric of a request named r.</summary>
    public static string Matches(string table) =>
        $"{table}.tenant_id = @Tenant and {table}.level = r.level and {table}.hour = r.hour and {table}.customer_id = r.customer_id and {table}.metric_id = r.metric_id";

    private static ExactSum? Sum(string? text) => text is null ? null : ExactSum.Parse(text);
}

/// <summary>A row of <c>billing_usage_item</c> and the request that it answers.</summary>
internal sealed record UsageItemRow : UsageRow
{
    public required string Item { get; init; }

    public UsageItem Known => new(Events, Latest);

    /// <summary>The rows of requests named r.</summary>
    public static string Select(string requests) =>
        $"""
        select r.n as N, r.place as Place, i.subscription_id as SubscriptionId, i.dimensions as Dimensions, i.item as Item, i.events as Events,
               i.latest_at as LatestAt, i.latest_tie as LatestTie, cast(i.latest_value as text) as LatestValue
        from {requests} as r
        cross join billing_usage_item as i
        where {UsageTotalRow.Matches("i")}
        """;
}
