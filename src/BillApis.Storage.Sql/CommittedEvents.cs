using BillApis.Outbox;

namespace BillApis.Storage.Sql;

/// <summary>What this process committed and nobody carried out yet, so that it need not be read back; the table says what is pending.</summary>
internal sealed class CommittedEvents
{
    private const int Most = 16_384;
    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, SortedDictionary<long, OutboxEvent>> _events = [];
    private readonly HashSet<TenantId> _letGo = [];
    private int _count;

    /// <summary>Keeps them; where it is too much, those of the tenant are left to the table.</summary>
    public void Add(TenantId tenant, IReadOnlyList<OutboxEvent> events)
    {
        if (events.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_count + events.Count > Most)
            {
                LetGo(tenant);
                return;
            }

            var known = _events.TryGetValue(tenant, out var there) ? there : _events[tenant] = [];
            foreach (var item in events)
            {
                _count += known.TryAdd(item.Position, item) ? 1 : 0;
            }
        }
    }

    /// <summary>Hands over what is kept of a tenant or of all, oldest first; null where some of it was let go.</summary>
    public IReadOnlyList<OutboxEvent>? Take(TenantId? whose)
    {
        lock (_lock)
        {
            if (whose is not { } tenant)
            {
                return TakeAll();
            }

            if (_letGo.Remove(tenant))
            {
                return null;
            }

            if (!_events.Remove(tenant, out var taken))
            {
                return [];
            }

            _count -= taken.Count;
            return [.. taken.Values];
        }
    }

    /// <summary>Forgets what was carried out.</summary>
    public void Done(IReadOnlyList<OutboxEvent> events)
    {
        lock (_lock)
        {
            foreach (var item in _events.Count == 0 ? [] : events)
            {
                _count -= _events.TryGetValue(item.Tenant, out var known) && known.Remove(item.Position) ? 1 : 0;
            }
        }
    }

    private List<OutboxEvent>? TakeAll()
    {
        List<OutboxEvent>? taken = _letGo.Count > 0 ? null : [.. _events.Values.SelectMany(kept => kept.Values).OrderBy(item => item.Position)];
        _letGo.Clear();
        _events.Clear();
        _count = 0;
        return taken;
    }

    private void LetGo(TenantId tenant)
    {
        _count -= _events.Remove(tenant, out var kept) ? kept.Count : 0;
        _letGo.Add(tenant);
    }
}
