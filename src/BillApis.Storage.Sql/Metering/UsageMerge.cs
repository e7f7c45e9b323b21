using System.Data.Common;
using System.Runtime.InteropServices;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>
/// What many batches added to hours, on its way into the totals of hours, days and months. It is put in order, so that an hour passes into its day at once and a day into its month when it is over, and only one
/// of each is open at a time: the same as <see cref="UsageTotals.Widen()"/>, without a table of all of them.
/// </summary>
internal sealed class UsageMerge
{
    private const int Room = 32_768;
    private static readonly Comparison<KeyValuePair<UsageKey, UsageTotal>> ByKey = static (left, right) => left.Key.CompareToCustomerFirst(right.Key);
    private readonly List<KeyValuePair<UsageKey, UsageTotal>> _hours = [];
    private readonly (UsageBucket Bucket, UsageTotal? Total)[] _open = new (UsageBucket, UsageTotal?)[3];
    private readonly Dictionary<UsageBucket, UsageBucket> _wider = [];
    private readonly UsageTotalRows _rows = new();
    private UsageTotals _items = new();
    private int _full = Room;

    /// <summary>How many totals it has room for.</summary>
    public int Capacity => _hours.Capacity;

    /// <summary>Adds what a batch adds to an hour; the total is the merge's own from now on.</summary>
    public void Add(UsageKey hour, UsageTotal total)
    {
        if (_hours.Count >= _full)
        {
            // Room for as many again as there are: however many hours there are, each is put in order a few times only.
            Collapse();
            _full = Math.Max(Room, 2 * _hours.Count);
        }

        _hours.Add(KeyValuePair.Create(hour, total));
    }

    /// <summary>Adds what a batch adds to one thing in an hour.</summary>
    public void Add(UsageKey hour, string name, UsageItem item) => _items.Add(hour, name, item);

    /// <summary>Moves the totals.</summary>
    public async Task StoreAsync(SqlDialect dialect, DbTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        Collapse();
        for (var i = 0; i < _hours.Count; i++)
        {
            var (key, total) = _hours[i];
            Write(key, key.Bucket, total);
            if (i + 1 == _hours.Count || !_hours[i + 1].Key.IsOfSame(key))
            {
                Close(key, UsageLevel.Day);
                Close(key, UsageLevel.Month);
                await _rows.WriteAsync(dialect, transaction, tenant, isLast: i + 1 == _hours.Count, cancellationToken).ConfigureAwait(false);
            }
        }

        _items.Widen();
        await _items.StoreAsync(dialect, transaction, tenant, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes ready for others.</summary>
    public void Clear()
    {
        _hours.Clear();
        _full = Room;
        _wider.Clear();
        _items = new();
    }

    // Many batches add to the same hours: one total of each is left, in order.
    private void Collapse()
    {
        var hours = CollectionsMarshal.AsSpan(_hours);
        hours.Sort(ByKey);
        var kept = 0;
        for (var i = 0; i < hours.Length; i++)
        {
            if (kept > 0 && ByKey(hours[kept - 1], hours[i]) == 0)
            {
                hours[kept - 1].Value.Add(hours[i].Value);
            }
            else
            {
                hours[kept++] = hours[i];
            }
        }

        _hours.RemoveRange(kept, _hours.Count - kept);
    }

    private void Write(UsageKey of, UsageBucket bucket, UsageTotal total)
    {
        _rows.Add(of, bucket, total);
        if (bucket.Level is UsageLevel.Month)
        {
            return;
        }

        // Its row is written: the total itself goes on as that of the wider bucket.
        var wider = Wider(bucket);
        var part = total.Since(bucket.After(wider));
        ref var open = ref _open[(int)wider.Level];
        if (open.Total is { } known && open.Bucket == wider)
        {
            known.Add(part);
            return;
        }

        Close(of, wider.Level);
        open = (wider, part);
    }

    private void Close(UsageKey of, UsageLevel level)
    {
        if (_open[(int)level] is (var bucket, { } total))
        {
            _open[(int)level] = default;
            Write(of, bucket, total);
        }
    }

    private UsageBucket Wider(UsageBucket bucket)
    {
        ref var wider = ref CollectionsMarshal.GetValueRefOrAddDefault(_wider, bucket, out var isKnown);
        return isKnown ? wider : wider = bucket.Wider;
    }
}
