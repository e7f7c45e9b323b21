using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>The quotas and reservations that some calls are about, while they are applied one after another.</summary>
internal sealed class QuotaBatch
{
    private readonly Dictionary<QuotaKey, (QuotaCount Count, Instant? NextExpiry)> _quotas = [];
    private readonly Dictionary<ReservationId, Reservation> _known = [];
    private readonly Dictionary<ReservationId, bool> _written = [];
    private readonly HashSet<QuotaKey> _moved = [];

    /// <summary>The database's clock.</summary>
    public Instant Now { get; private set; }

    /// <summary>The quotas that moved.</summary>
    public IEnumerable<(QuotaKey Key, QuotaCount Count, Instant? NextExpiry)> Moved => _moved.Select(key => (key, _quotas[key].Count, _quotas[key].NextExpiry));

    public IEnumerable<Reservation> Added => _written.Where(item => item.Value).Select(item => _known[item.Key]);

    public IEnumerable<Reservation> Changed => _written.Where(item => !item.Value).Select(item => _known[item.Key]);

    /// <summary>The quotas that hold something which has expired.</summary>
    public IEnumerable<QuotaKey> Expiring => _quotas.Where(item => item.Value.NextExpiry <= Now).Select(item => item.Key);

    public void Add(QuotaRow row)
    {
        Now = Instant.Max(Now, SqlTime.FromMicroseconds(row.Now));
        _quotas[row.Key] = (row.Count, row.NextExpiry is { } next ? SqlTime.FromMicroseconds(next) : null);
    }

    public void Add(Reservation known) => _known[known.Id] = known;

    /// <summary>Gives back what expired, and says when the next does.</summary>
    /// <param name="quota">The quota.</param>
    /// <param name="open">All that is open of it.</param>
    public void Expire(QuotaKey quota, IReadOnlyCollection<Reservation> open)
    {
        foreach (var expired in open.Where(item => item.ExpiresAt <= Now))
        {
            _quotas[quota] = (_quotas[quota].Count.Release(expired.Quantity), null);
            Write(expired with { State = ReservationState.Expired }, isNew: false);
        }

        _quotas[quota] = (_quotas[quota].Count, open.Where(item => item.ExpiresAt > Now).Select(item => (Instant?)item.ExpiresAt).Min());
        _moved.Add(quota);
    }

    public void Apply(ReserveCall call)
    {
        var (count, nextExpiry) = _quotas[call.Wanted.Quota];
        var wanted = call.Wanted with { ExpiresAt = Now + call.Lifetime };
        (call.Outcome, var isNew) = ReservationRules.Reserve(count, _known.GetValueOrDefault(call.Id), wanted, call.Metered);
        if (isNew)
        {
            _quotas[wanted.Quota] = (call.Outcome.Count, nextExpiry is { } next ? Instant.Min(next, wanted.ExpiresAt) : wanted.ExpiresAt);
            _moved.Add(wanted.Quota);
            Write(wanted, isNew: true);
        }
    }

    public void Apply(SettleCall call)
    {
        // One whose quota is not locked was made by somebody else just now: it is not there yet.
        var known = _known.TryGetValue(call.Id, out var found) && _quotas.ContainsKey(found.Quota) ? found : null;
        var quota = known is null ? default : _quotas[known.Quota];
        (call.Outcome, var count) = ReservationRules.Settle(quota.Count, known, call.Actual);
        if (call.Outcome.Reservation is { } after && !ReferenceEquals(after, known))
        {
            _quotas[after.Quota] = (count, quota.NextExpiry);
            _moved.Add(after.Quota);
            Write(after, isNew: false);
        }
    }

    private void Write(Reservation item, bool isNew)
    {
        _known[item.Id] = item;
        _written.TryAdd(item.Id, isNew);
    }
}
