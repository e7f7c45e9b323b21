using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>The totals of as many customers as are held in memory at once, in the order of their ids; the others are counted by another pass.</summary>
/// <param name="after">The customers up to this one were counted before.</param>
/// <param name="through">The last customer to count; null where there is no bound.</param>
/// <param name="most">How many totals and items are held at once, unless one customer has more.</param>
internal sealed class CountedTotals(string after, string? through, int most)
{
    /// <summary>How many totals and items are held at once where nothing else is said.</summary>
    public const int Most = 50_000;

    private readonly Dictionary<string, Counted> _customers = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _order = new(StringComparer.Ordinal);
    private int _held;

    /// <summary>The customers up to this one were counted before.</summary>
    public string After => after;

    /// <summary>The last customer that is counted; null where all behind the first are.</summary>
    public string? Through { get; private set; } = through;

    /// <summary>Everything that was counted.</summary>
    public IEnumerable<UsageTotals> All => _customers.Values.Select(customer => customer.Totals);

    /// <summary>How often something was added.</summary>
    public long Added => _customers.Values.Sum(customer => customer.Added);

    /// <summary>Whether a customer is among those that are counted.</summary>
    public bool Takes(string customer) => string.CompareOrdinal(customer, after) > 0 && (Through is null || string.CompareOrdinal(customer, Through) <= 0);

    /// <summary>Adds to the totals of a customer that is taken.</summary>
    public void Add(string customer, Action<UsageTotals> add)
    {
        if (!_customers.TryGetValue(customer, out var counted))
        {
            _customers[customer] = counted = new Counted();
            _order.Add(customer);
        }

        var before = counted.Size;
        add(counted.Totals);
        counted.Added++;
        _held += counted.Size - before;
        while (_held > most && _order.Count > 1)
        {
            var last = _order.Max!;
            _order.Remove(last);
            _customers.Remove(last, out var left);
            (_held, Through) = (_held - left!.Size, _order.Max);
        }
    }

    private sealed class Counted
    {
        public UsageTotals Totals { get; } = new();

        public long Added { get; set; }

        public int Size => Totals.Totals.Count + Totals.Items.Count;
    }
}
