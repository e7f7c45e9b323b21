using System.Collections.Concurrent;
using System.Collections.Immutable;
using BillApis.Storage;

namespace BillApis;

/// <summary>Which customers have spend limits, kept at hand: intake asks for every delivery.</summary>
internal sealed class LimitedCustomers
{
    private const long MaxAge = 1_000;
    private readonly ISpendLimitStore _store;
    private readonly ConcurrentDictionary<TenantId, (ImmutableHashSet<CustomerId> Customers, long ReadAt)> _known = [];
    private long _changes;

    public LimitedCustomers(ISpendLimitStore store, ChangeFeed feed)
    {
        _store = store;
        feed.Changed += change =>
        {
            // Each look saves limits of customers who are known to have some: one who has none any more is looked at for a second in vain.
            if (!change.IsUsage && !(change.Customer is { } about && _known.TryGetValue(change.Tenant, out var known) && known.Customers.Contains(about)))
            {
                Interlocked.Increment(ref _changes);
                _known.TryRemove(change.Tenant, out _);
            }
        };
    }

    /// <summary>Those of some customers that have limits.</summary>
    public async ValueTask<IReadOnlyCollection<CustomerId>> AmongAsync(TenantId tenant, IEnumerable<CustomerId> customers)
    {
        if (!_known.TryGetValue(tenant, out var known) || Environment.TickCount64 - known.ReadAt >= MaxAge)
        {
            var (changes, readAt) = (Interlocked.Read(ref _changes), Environment.TickCount64);
            known = ([.. await _store.CustomersAsync(tenant, CancellationToken.None).ConfigureAwait(false)], readAt);
            if (changes == Interlocked.Read(ref _changes))
            {
                _known[tenant] = known;
            }
        }

        return known.Customers.IsEmpty ? [] : [.. customers.Where(known.Customers.Contains).Distinct()];
    }
}
