using System.Data.Common;
using System.Globalization;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Rows of <c>billing_usage_total</c>, written some at a time; of those that lie together, ids and sums are spelled once.</summary>
internal sealed class UsageTotalRows
{
    private const int RowsPerStatement = 2_048;
    private const string Later = "(excluded.latest_at > t.latest_at or (excluded.latest_at = t.latest_at and excluded.latest_tie > t.latest_tie))";
    private readonly SpelledIds _ids = new();
    private readonly SqlRows _rows = new(
        "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text", "dimensions text", "events bigint",
        "value_sum decimal", "value_moment decimal", "value_max decimal", "value_min decimal", "latest_at bigint", "latest_tie text", "latest_value decimal");

    private (ExactSum? Sum, string? Text) _sum;

    /// <summary>Adds the total of a bucket, which may be another one than the key's.</summary>
    public void Add(UsageKey of, UsageBucket bucket, UsageTotal total)
    {
        _sum = _sum.Sum == total.Sum ? _sum : (total.Sum, total.Sum?.ToString());
        _rows.Add(
            (long)bucket.Level, bucket.Hour, _ids.Of(of.Customer), _ids.Of(of.Metric), _ids.Of(of.Subscription) ?? "", of.Dimensions, total.Events,
            _sum.Text, total.Moment?.ToString(), Text(total.Max), Text(total.Min), total.Latest?.At.ToMicroseconds(), total.Latest?.Tie, Text(total.Latest?.Value));
    }

    /// <summary>Moves the totals that were added, once they are many or the last.</summary>
    public async Task WriteAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, bool isLast, CancellationToken cancellationToken)
    {
        if (_rows.Count >= RowsPerStatement || (isLast && _rows.Count > 0))
        {
            await dialect.WriteAsync(transaction, tenant, _rows, rows => Upsert(dialect, rows), cancellationToken).ConfigureAwait(false);
            _rows.Clear();
        }
    }

    // A total has the values that its metric needs and no others: nothing is worked out for those.
    private static string Upsert(SqlDialect dialect, string rows) =>
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
        var ids = new SpelledIds();
        foreach (var (key, name, item) in items)
        {
            rows.Add(
                (long)key.Bucket.Level, key.Bucket.Hour, ids.Of(key.Customer), ids.Of(key.Metric), ids.Of(key.Subscription) ?? "", key.Dimensions, name,
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

/// <summary>Rows that ask for buckets of customers and metrics.</summary>
internal sealed class UsageAskRows
{
    private readonly SpelledIds _ids = new();

    public SqlRows Rows { get; } = new("n bigint", "place bigint", "level bigint", "hour bigint", "customer_id text", "metric_id text", "subscription_id text");

    /// <param name="n">Which request it is.</param>
    /// <param name="place">Which of the request's buckets it is.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="subscription">Leaves out what names another; null for all.</param>
    public void Add(int n, int place, UsageBucket bucket, CustomerId customer, MetricId metric, SubscriptionId? subscription) =>
        Rows.Add(n, place, (long)bucket.Level, bucket.Hour, _ids.Of(customer), _ids.Of(metric), _ids.Of(subscription));
}

/// <summary>What both tables say, as it is read back.</summary>
/// <param name="N">Which request it answers.</param>
/// <param name="Place">Which of the request's buckets it is.</param>
/// <param name="Subscription">The subscription that its events name.</param>
/// <param name="Dimensions">What its events share.</param>
internal abstract record UsageRow(int N, int Place, string Subscription, string Dimensions)
{
    /// <summary>The condition for what such a request, named r, asks for.</summary>
    protected static string Matches(string table) =>
        $"""
        {table}.tenant_id = @Tenant and {table}.level = r.level and {table}.hour = r.hour and {table}.customer_id = r.customer_id and {table}.metric_id = r.metric_id
          and (r.subscription_id is null or {table}.subscription_id in ('', r.subscription_id))
        """;

    protected static LatestValue? Latest(ISqlRow row, int column) =>
        row.IsNull(column) ? null : new LatestValue(SqlTime.FromMicroseconds(row.Number(column)), row.Text(column + 1), Decimal(row, column + 2)!.Value);

    protected static decimal? Decimal(ISqlRow row, int column) => row.IsNull(column) ? null : decimal.Parse(row.Text(column), NumberStyles.Number, CultureInfo.InvariantCulture);

    protected static ExactSum? Sum(ISqlRow row, int column) => row.IsNull(column) ? null : ExactSum.Parse(row.Text(column));
}

/// <summary>A row of <c>billing_usage_total</c> and the request that it answers.</summary>
internal sealed record UsageTotalRow(int N, int Place, string Subscription, string Dimensions, UsageTotal Total) : UsageRow(N, Place, Subscription, Dimensions)
{
    /// <summary>The rows of requests named r.</summary>
    public static string Select(string requests) =>
        $"""
        select r.n, r.place, t.subscription_id, t.dimensions, t.events, cast(t.value_sum as text), cast(t.value_moment as text), cast(t.value_max as text), cast(t.value_min as text),
               t.latest_at, t.latest_tie, cast(t.latest_value as text)
        from {requests} as r
        cross join billing_usage_total as t
        where {Matches("t")}
        """;

    public static UsageTotalRow Read(ISqlRow row) => new(
        (int)row.Number(0), (int)row.Number(1), row.Text(2), row.Text(3),
        new UsageTotal { Events = row.Number(4), Sum = Sum(row, 5), Moment = Sum(row, 6), Max = Decimal(row, 7), Min = Decimal(row, 8), Latest = Latest(row, 9) });
}

/// <summary>A row of <c>billing_usage_item</c> and the request that it answers.</summary>
internal sealed record UsageItemRow(int N, int Place, string Subscription, string Dimensions, string Name, UsageItem Item) : UsageRow(N, Place, Subscription, Dimensions)
{
    /// <summary>The rows of requests named r.</summary>
    public static string Select(string requests) =>
        $"""
        select r.n, r.place, i.subscription_id, i.dimensions, i.item, i.events, i.latest_at, i.latest_tie, cast(i.latest_value as text)
        from {requests} as r
        cross join billing_usage_item as i
        where {Matches("i")}
        """;

    public static UsageItemRow Read(ISqlRow row) => new((int)row.Number(0), (int)row.Number(1), row.Text(2), row.Text(3), row.Text(4), new UsageItem(row.Number(5), Latest(row, 6)));
}
