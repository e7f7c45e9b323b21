using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>The quotas and reservations that some calls are about, while they are applied one after another.</summary>
internal sealed class QuotaBatch
{
    private readonly Dictionary<QuotaKey, QuotaState> _quotas = [];
    private readonly Dictionary<ReservationId, Reservation> _known = [];
    private readonly Dictionary<ReservationId, bool> _written = [];
    private readonly HashSet<QuotaKey> _moved = [];

    /// <summary>The database's clock.</summary>
    public Instant Now { get; private set; }

    /// <summary>All quotas, as they stand.</summary>
    public IReadOnlyDictionary<QuotaKey, QuotaState> Quotas => _quotas;

    /// <summary>The quotas that moved.</summary>
    public IEnumerable<(QuotaKey Key, QuotaState State)> Moved => _moved.Select(key => (key, _quotas[key]));

    /// <summary>The reservations that were made or have ended, and whether they were made here.</summary>
    public IEnumerable<(Reservation Item, bool IsNew)> Written => _written.Select(item => (_known[item.Key], item.Value));

    /// <summary>Whether anything is to be written.</summary>
    public bool HasChanges => _moved.Count + _written.Count > 0;

    public QuotaChanges Changes => QuotaChanges.Of(Written, Moved);

    /// <summary>The quotas that hold something which has expired.</summary>
    public IEnumerable<QuotaKey> Expiring => _quotas.Where(item => item.Value.NextExpiry <= Now).Select(item => item.Key);

    /// <summary>Goes on to the database's time.</summary>
    public void Add(Instant now) => Now = Instant.Max(Now, now);

    public void Add(QuotaKey quota, QuotaState state) => _quotas[quota] = state;

    public void Add(Reservation known) => _known[known.Id] = known;

    /// <summary>Gives back what expired, and says when the next does.</summary>
    /// <param name="quota">The quota.</param>
    /// <param name="open">All that is open of it.</param>
    public void Expire(QuotaKey quota, IReadOnlyCollection<Reservation> open)
    {
        var count = _quotas[quota].Count;
        foreach (var expired in open.Where(item => item.ExpiresAt <= Now))
        {
            count = count.Release(expired.Quantity);
            if (expired.AlsoQuota is { } also)
            {
                Move(also, _quotas[also] with { Count = _quotas[also].Count.Release(expired.Quantity) });
            }

            Write(expired with { State = ReservationState.Expired }, isNew: false);
        }

        Move(quota, new QuotaState(count, open.Where(item => item.ExpiresAt > Now).Select(item => (Instant?)item.ExpiresAt).Min()));
    }

    /// <summary>Decides the calls in their order.</summary>
    public void Apply(IReadOnlyList<QuotaCall> calls)
    {
        foreach (var call in calls)
        {
            switch (call)
            {
                case ReserveCall reserve:
                    Apply(reserve);
                    break;
                case SettleCall settle:
                    Apply(settle);
                    break;
            }
        }
    }

    private void Apply(ReserveCall call)
    {
        var (count, nextExpiry) = _quotas[call.Wanted.Quota];
        var wanted = call.Wanted with { ExpiresAt = Now + call.Lifetime };
        var also = wanted.AlsoQuota is { } second ? _quotas[second] : default;
        (call.Outcome, var isNew) = ReservationRules.Reserve(count, also.Count, _known.GetValueOrDefault(wanted.Id), wanted, call.Metered);
        if (isNew)
        {
            MoveAlso(wanted, call.Outcome.Also);
            Move(wanted.Quota, new QuotaState(call.Outcome.Count, nextExpiry is { } next ? Instant.Min(next, wanted.ExpiresAt) : wanted.ExpiresAt));
            Write(wanted, isNew: true);
        }
    }

    private void Apply(SettleCall call)
    {
        // One whose quotas are not locked was made by somebody else just now: it is not there yet.
        var known = _known.TryGetValue(call.Id, out var found) && found.Quotas.All(_quotas.ContainsKey) ? found : null;
        var (quota, second) = (known is null ? default : _quotas[known.Quota], known?.AlsoQuota is { } key ? _quotas[key] : default);
        (call.Outcome, var count, var also) = ReservationRules.Settle(quota.Count, second.Count, known, call.Actual);
        if (call.Outcome.Reservation is { } after && !ReferenceEquals(after, known))
        {
            MoveAlso(after, also);
            Move(after.Quota, quota with { Count = count });
            Write(after, isNew: false);
        }
    }

    private void MoveAlso(Reservation item, QuotaCount count)
    {
        if (item.AlsoQuota is { } quota)
        {
            Move(quota, _quotas[quota] with { Count = count });
        }
    }

    private void Move(QuotaKey quota, QuotaState state)
    {
        _quotas[quota] = state;
        _moved.Add(quota);
    }

    private void Write(Reservation item, bool isNew)
    {
        _known[item.Id] = item;
        _written.TryAdd(item.Id, isNew);
    }
}
