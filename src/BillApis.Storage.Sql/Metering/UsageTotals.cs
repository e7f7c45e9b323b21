using System.Data.Common;
using System.Runtime.InteropServices;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What a batch adds to the running totals: one row for each total that it moves.</summary>
/// <remarks>Whoever moves totals, a merge, a correction, a backfill or a rebuild, holds those of the tenant alone by <see cref="UsageLock.HoldTotalsAsync"/>: the order of the rows saves work, and prevents no circle.</remarks>
internal sealed class UsageTotals
{
    /// <summary>The tables that they are kept in.</summary>
    public static readonly string[] Tables = ["billing_usage_total", "billing_usage_item"];

    private const int Levels = 3;
    private readonly Dictionary<UsageKey, UsageTotal> _totals = [];
    private readonly Dictionary<(UsageKey Key, string Name), UsageItem> _items = [];

    public IReadOnlyDictionary<UsageKey, UsageTotal> Totals => _totals;

    public IReadOnlyDictionary<(UsageKey Key, string Name), UsageItem> Items => _items;

    /// <summary>What events add.</summary>
    public static UsageTotals Of(IEnumerable<UsageEntry> entries)
    {
        var totals = new UsageTotals();
        foreach (var entry in entries)
        {
            totals.Add(entry);
        }

        return totals;
    }

    public void Add(UsageEntry entry)
    {
        foreach (var part in entry.Open)
        {
            Add(entry.Item.Customer!.Value, part, entry.Item.Event, entry.Item.At);
        }
    }

    /// <summary>Adds one event to the total of its hour.</summary>
    public void Add(CustomerId customer, in Contribution part, UsageEvent item, NodaTime.Instant at)
    {
        var key = new UsageKey(UsageBucket.Of(UsageLevel.Hour, at), customer, part.Metric.Id, item.SubscriptionId, part.Dimensions.Json);
        Of(key).Add(part, item, at, key.Bucket.Start);
        if (part.Item is { } name)
        {
            Add(key, name, UsageItem.Of(part, item, at));
        }
    }

    /// <summary>Adds what is known of a bucket.</summary>
    public void Add(UsageKey key, UsageTotal total) => Of(key).Add(total);

    /// <summary>Adds what is known of one thing in a bucket.</summary>
    public void Add(UsageKey key, string name, UsageItem item)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, (key, name), out var exists);
        known = exists ? known!.Merge(item) : item;
    }

    /// <summary>Moves the totals of the buckets that were added, and of no others.</summary>
    public async Task StoreAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var rows = new UsageTotalRows();
        foreach (var (key, total) in _totals.OrderBy(pair => pair.Key))
        {
            rows.Add(key, key.Bucket, total);
            await rows.WriteAsync(dialect, transaction, tenant, isLast: false, cancellationToken).ConfigureAwait(false);
        }

        await rows.WriteAsync(dialect, transaction, tenant, isLast: true, cancellationToken).ConfigureAwait(false);

        if (_items.Count > 0)
        {
            var items = _items.OrderBy(pair => pair.Key.Key).ThenBy(pair => pair.Key.Name, StringComparer.Ordinal).Select(pair => (pair.Key.Key, pair.Key.Name, pair.Value));
            await dialect.WriteAsync(transaction, tenant, UsageItemRows.Of(items), UsageItemRows.Upsert, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Adds the hours to their days, and the days to their months.</summary>
    public void Widen()
    {
        _totals.EnsureCapacity(_totals.Count * Levels);
        Widen(UsageLevel.Hour);
        Widen(UsageLevel.Day);
    }

    /// <summary>Adds a total to the bucket that its own is a part of.</summary>
    public void Widen(UsageKey part, UsageTotal total)
    {
        var wider = part.Wider;
        Add(wider, total.Since(part.Bucket.After(wider.Bucket)));
    }

    /// <summary>The same with what is known of one thing.</summary>
    public void Widen(UsageKey part, string name, UsageItem item) => Add(part.Wider, name, item);

    private void Widen(UsageLevel level)
    {
        foreach (var (key, total) in _totals.Where(pair => pair.Key.Bucket.Level == level).ToList())
        {
            Widen(key, total);
        }

        foreach (var ((key, name), item) in _items.Where(pair => pair.Key.Key.Bucket.Level == level).ToList())
        {
            Widen(key, name, item);
        }
    }

    // The total of a bucket, to be added to.
    private UsageTotal Of(UsageKey key) => CollectionsMarshal.GetValueRefOrAddDefault(_totals, key, out _) ??= new UsageTotal();
}

/// <summary>What a total is kept for.</summary>
internal sealed record UsageKey(UsageBucket Bucket, CustomerId Customer, MetricId Metric, SubscriptionId? Subscription, string Dimensions) : IComparable<UsageKey>
{
    /// <summary>The same one level up.</summary>
    public UsageKey Wider => this with { Bucket = Bucket.Wider };

    /// <summary>Whether both are of the same but for the time.</summary>
    public bool IsOfSame(UsageKey other) => CompareWhose(other) == 0;

    /// <summary>The order of the table, so that what lies together is written together; <see cref="UsageMerge"/> has its own, which <see cref="UsageLock.HoldTotalsAsync"/> allows.</summary>
    public int CompareTo(UsageKey? other) => other is null ? 1 : CompareBucket(other) is not 0 and var bucket ? bucket : CompareWhose(other);

    /// <summary>The order in which what is of the same follows each other, from the first hour to the last.</summary>
    public int CompareToCustomerFirst(UsageKey other) => CompareWhose(other) is not 0 and var whose ? whose : CompareBucket(other);

    private int CompareBucket(UsageKey other) => ((int)Bucket.Level).CompareTo((int)other.Bucket.Level) is not 0 and var level ? level : Bucket.Hour.CompareTo(other.Bucket.Hour);

    private int CompareWhose(UsageKey other) =>
        Customer.Value.CompareTo(other.Customer.Value) is not 0 and var customer ? customer
        : Metric.Value.CompareTo(other.Metric.Value) is not 0 and var metric ? metric
        : Nullable.Compare(Subscription?.Value, other.Subscription?.Value) is not 0 and var subscription ? subscription
        : string.CompareOrdinal(Dimensions, other.Dimensions);
}
