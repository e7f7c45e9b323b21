using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>A tenant's quotas and reservations as the last commits of this process left them, and what of that the journal alone says; it holds where nobody else can have written since.</summary>
internal sealed class QuotaMemory
{
    private const int Size = 10_000;
    private const int Behind = 1_024;
    private readonly Dictionary<QuotaKey, QuotaState> _quotas = [];
    private readonly Dictionary<ReservationId, Reservation> _known = [];
    private readonly Dictionary<ReservationId, bool> _unwritten = [];
    private readonly HashSet<QuotaKey> _moved = [];
    private ReservationId? _newest;

    /// <summary>Whether it is time to bring the rows up to date.</summary>
    public bool IsFull => _unwritten.Count >= Behind || IsLarge;

    private bool IsLarge => _quotas.Count + _known.Count > Size;

    /// <summary>What the rows are behind by.</summary>
    public QuotaChanges Unwritten => QuotaChanges.Of(_unwritten.Select(item => (_known[item.Key], item.Value)), _moved.Select(key => (key, _quotas[key])));

    /// <summary>Whether anything is known.</summary>
    public bool IsOpen => _newest is not null;

    /// <summary>Takes in the newest id of the rows: one that is newer is not among them.</summary>
    public void Begin(ReservationId? newest)
    {
        Forget();
        _newest = newest ?? default(ReservationId);
    }

    public void Clear()
    {
        Forget();
        _newest = null;
    }

    public QuotaState? Find(QuotaKey quota) => _quotas.TryGetValue(quota, out var state) ? state : null;

    public Reservation? Find(ReservationId id) => _known.GetValueOrDefault(id);

    /// <summary>Whether a reservation may be there that is not known here.</summary>
    public bool MayBeStored(ReservationId id) => _newest is not { } newest || id.Value <= newest.Value;

    /// <summary>What is open of a quota as far as it is known.</summary>
    public IEnumerable<Reservation> OpenOf(QuotaKey quota) => _known.Values.Where(item => item.State is ReservationState.Open && item.Quota == quota);

    /// <summary>All that some calls are about; null where something of it has to be read.</summary>
    public QuotaBatch? Recall(IReadOnlyList<QuotaCall> calls, Instant now)
    {
        var batch = new QuotaBatch();
        batch.Add(now);
        foreach (var call in calls)
        {
            var isKnown = call switch
            {
                ReserveCall reserve => Recall(batch, reserve.Wanted.Id) is { } stored
                    ? Recall(batch, stored) && Recall(batch, reserve.Wanted)
                    : !MayBeStored(reserve.Wanted.Id) && Recall(batch, reserve.Wanted),
                SettleCall settle => Recall(batch, settle.Id) is { } ending && Recall(batch, ending),
                ExpireCall expire => Recall(batch, expire.Quota),
                _ => false,
            };
            if (!isKnown)
            {
                return null;
            }
        }

        // What is open of a quota may be known to the rows alone.
        return batch.Expiring.Any() ? null : batch;
    }

    private Reservation? Recall(QuotaBatch batch, ReservationId id)
    {
        var known = Find(id);
        if (known is not null)
        {
            batch.Add(known);
        }

        return known;
    }

    private bool Recall(QuotaBatch batch, Reservation item) => Recall(batch, item.Quota) && (item.AlsoQuota is not { } also || Recall(batch, also));

    private bool Recall(QuotaBatch batch, QuotaKey quota)
    {
        if (!_quotas.TryGetValue(quota, out var state))
        {
            return false;
        }

        batch.Add(quota, state);
        return true;
    }

    /// <summary>Keeps what was committed.</summary>
    /// <param name="committed">What was.</param>
    /// <param name="isFolded">Whether the rows were brought up to date before it.</param>
    public void Keep(QuotaBatch committed, bool isFolded)
    {
        if (!IsOpen)
        {
            return;
        }

        if (isFolded)
        {
            _newest = _unwritten.Keys.Append(_newest ?? default).MaxBy(id => id.Value);
            Written();
        }

        foreach (var (key, state) in committed.Quotas)
        {
            _quotas[key] = state;
        }

        _moved.UnionWith(committed.Moved.Select(item => item.Key));
        foreach (var (item, isNew) in committed.Written)
        {
            _known[item.Id] = item;
            _unwritten.TryAdd(item.Id, isNew);
        }
    }

    // What has ended is read again where anybody asks for it.
    private void Written()
    {
        if (IsLarge)
        {
            Forget();
        }

        foreach (var id in _unwritten.Keys.Where(id => _known[id].State is not ReservationState.Open))
        {
            _known.Remove(id);
        }

        _unwritten.Clear();
        _moved.Clear();
    }

    private void Forget()
    {
        _quotas.Clear();
        _known.Clear();
        _unwritten.Clear();
        _moved.Clear();
    }
}
