using System.Data.Common;
using System.Globalization;
using BillApis.Metering;
using Dapper;

namespace BillApis.Storage.Sql.Metering;

/// <summary>The totals that are kept of a day, with those of its hours, or of a month; read one by one within a transaction.</summary>
/// <param name="transaction">The transaction.</param>
/// <param name="tenant">Whose they are.</param>
/// <param name="stretch">The day or month.</param>
/// <param name="isOfDays">Whether they are those of the month's days instead.</param>
internal sealed class KeptTotals(DbTransaction transaction, TenantId tenant, UsageBucket stretch, bool isOfDays = false)
{
    private readonly string _where = $"""
        tenant_id = @Tenant and level in ({(isOfDays ? "1" : stretch.Level is UsageLevel.Day ? "0, 1" : "2")}) and hour >= @First and hour < @Last and customer_id > @After and (@Through is null or customer_id <= @Through)
        """;

    /// <summary>The last customer behind another up to whom no more are kept than may be; null where all of them may be read at once.</summary>
    public async Task<string?> ThroughAsync(string after, int most, CancellationToken cancellationToken)
    {
        var (sum, last) = (0L, (string?)null);
        var sql = $"select customer_id as Customer, count(*) as Totals from ({string.Join(" union all ", UsageTotals.Tables.Select(table => $"select customer_id from {table} where {_where}"))}) as k group by customer_id order by customer_id";
        await foreach (var row in ReadAsync<CustomerRow>(sql, after, null).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            sum += row.Totals;
            if (sum > most && last is not null)
            {
                return last;
            }

            last = row.Customer;
        }

        return null;
    }

    /// <summary>Adds the days that are kept to their month; days that changed as what they are to be.</summary>
    public async Task AddAsync(CountedTotals counted, ChangedDays changed, CancellationToken cancellationToken)
    {
        await foreach (var row in TotalsAsync(counted).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            Add(row.CustomerId, row.Key, null, () => (row.Total, null));
        }

        await foreach (var row in ItemsAsync(counted).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            Add(row.CustomerId, row.Key, row.Item, () => (null, row.Value));
        }

        foreach (var day in changed.Of(counted))
        {
            counted.Add(day.Key.Customer.ToString(), totals => Widen(totals, day.Key, day.Item, (day.Total.Counted, day.Value.Counted)));
        }

        void Add(string customer, UsageKey key, string? item, Func<(UsageTotal?, UsageItem?)> read)
        {
            if (counted.Takes(customer) && !changed.Has(key, item))
            {
                counted.Add(customer, totals => Widen(totals, key, item, read()));
            }
        }
    }

    /// <summary>What is kept otherwise than counted.</summary>
    public async Task<IReadOnlyList<RebuildDifference>> CompareAsync(CountedTotals counted, CancellationToken cancellationToken)
    {
        var differences = new List<RebuildDifference>();
        var (totals, items) = (new Dictionary<UsageKey, UsageTotal>(), new Dictionary<(UsageKey, string), UsageItem>());
        foreach (var of in counted.All)
        {
            if (stretch.Level is UsageLevel.Day)
            {
                of.Widen();
            }

            foreach (var (key, total) in of.Totals.Where(pair => IsOf(pair.Key)))
            {
                totals.Add(key, total);
            }

            foreach (var (key, item) in of.Items.Where(pair => IsOf(pair.Key.Key)))
            {
                items.Add(key, item);
            }
        }

        await foreach (var row in TotalsAsync(counted).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            totals.Remove(row.Key, out var total);
            if (row.Total != total)
            {
                differences.Add(new RebuildDifference(row.Key, null) { Total = (row.Total, total) });
            }
        }

        await foreach (var row in ItemsAsync(counted).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            items.Remove((row.Key, row.Item), out var item);
            if (row.Value != item)
            {
                differences.Add(new RebuildDifference(row.Key, row.Item) { Value = (row.Value, item) });
            }
        }

        differences.AddRange(totals.Select(pair => new RebuildDifference(pair.Key, null) { Total = (null, pair.Value) }));
        differences.AddRange(items.Select(pair => new RebuildDifference(pair.Key.Item1, pair.Key.Item2) { Value = (null, pair.Value) }));
        return [.. differences.OrderBy(difference => difference.Key).ThenBy(difference => difference.Item, StringComparer.Ordinal)];
    }

    private bool IsOf(UsageKey key) => stretch.Level is UsageLevel.Day ? key.Bucket.Level is not UsageLevel.Month : key.Bucket.Level is UsageLevel.Month;

    private static void Widen(UsageTotals totals, UsageKey day, string? item, (UsageTotal? Total, UsageItem? Value) of)
    {
        if (of.Total is { } total)
        {
            totals.Widen(day, total);
        }

        if (of.Value is { } value)
        {
            totals.Widen(day, item!, value);
        }
    }

    private IAsyncEnumerable<TotalRow> TotalsAsync(CountedTotals counted) => ReadAsync<TotalRow>(
        $"""
        select {Row.Columns}, cast(value_sum as text) as ValueSum, cast(value_moment as text) as ValueMoment, cast(value_max as text) as ValueMax, cast(value_min as text) as ValueMin
        from billing_usage_total where {_where}
        """,
        counted.After,
        counted.Through);

    private IAsyncEnumerable<ItemRow> ItemsAsync(CountedTotals counted) => ReadAsync<ItemRow>($"select {Row.Columns}, item as Item from billing_usage_item where {_where}", counted.After, counted.Through);

    private IAsyncEnumerable<T> ReadAsync<T>(string sql, string after, string? through) => transaction.Connection!.QueryUnbufferedAsync<T>(
        sql, new { Tenant = tenant.ToString(), First = stretch.Hour, Last = stretch.Next.Hour, After = after, Through = through }, transaction);

    private sealed record CustomerRow
    {
        public required string Customer { get; init; }
        public required long Totals { get; init; }
    }

    private abstract record Row
    {
        public const string Columns = """
            cast(level as bigint) as Level, hour as Hour, customer_id as CustomerId, metric_id as MetricId, subscription_id as SubscriptionId, dimensions as Dimensions,
            events as Events, latest_at as LatestAt, latest_tie as LatestTie, cast(latest_value as text) as LatestValue
            """;

        public required long Level { get; init; }
        public required long Hour { get; init; }
        public required string CustomerId { get; init; }
        public required string MetricId { get; init; }
        public required string SubscriptionId { get; init; }
        public required string Dimensions { get; init; }
        public required long Events { get; init; }
        public long? LatestAt { get; init; }
        public string? LatestTie { get; init; }
        public string? LatestValue { get; init; }

        public UsageKey Key => new(
            new UsageBucket((UsageLevel)Level, Hour), EntityId.Parse<CustomerId>(CustomerId), EntityId.Parse<MetricId>(MetricId), SubscriptionId.Length == 0 ? null : EntityId.Parse<SubscriptionId>(SubscriptionId), Dimensions);

        protected LatestValue? Latest => LatestAt is { } at ? new LatestValue(SqlTime.FromMicroseconds(at), LatestTie!, Number(LatestValue)!.Value) : null;

        protected static decimal? Number(string? text) => text is null ? null : decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
    }

    private sealed record TotalRow : Row
    {
        public string? ValueSum { get; init; }
        public string? ValueMoment { get; init; }
        public string? ValueMax { get; init; }
        public string? ValueMin { get; init; }

        public UsageTotal Total => new()
        {
            Events = Events, Sum = Sum(ValueSum), Moment = Sum(ValueMoment), Max = Number(ValueMax), Min = Number(ValueMin), Latest = Latest,
        };

        private static ExactSum? Sum(string? text) => text is null ? null : ExactSum.Parse(text);
    }

    private sealed record ItemRow : Row
    {
        public required string Item { get; init; }

        public UsageItem Value => new(Events, Latest);
    }
}
