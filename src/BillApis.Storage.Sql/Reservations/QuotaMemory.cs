namespace BillApis.Storage.Sql.Reservations;

/// <summary>A tenant's quotas and reservations as the last commits of this process left them, and what of that the journal alone says; it holds where nobody else can have written since.</summary>
internal sealed class QuotaMemory
{
    private const int Size = 10_000;
    private const int Behind = 512;
    private readonly Dictionary<QuotaKey, QuotaState> _quotas = [];
    private readonly Dictionary<ReservationId, Reservation> _known = [];
    private readonly Dictionary<ReservationId, bool> _unwritten = [];
    private readonly HashSet<QuotaKey> _moved = [];
    private SqlStamp? _stamp;
    private int _asides;
    private ReservationId? _newest;

    /// <summary>Whether it is time to bring the rows up to date.</summary>
    public bool IsFull => _unwritten.Count >= Behind || IsLarge;

    private bool IsLarge => _quotas.Count + _known.Count > Size;

    /// <summary>What the rows are behind by.</summary>
    public QuotaChanges Unwritten => QuotaChanges.Of(_unwritten.Select(item => (_known[item.Key], item.Value)), _moved.Select(key => (key, _quotas[key])));

    /// <summary>Goes on with what is known, or with nothing where another may have written since.</summary>
    /// <param name="stamp">What is equal as long as no other process wrote.</param>
    /// <param name="asides">How often this process wrote without telling what.</param>
    /// <returns>Whether what is known holds; where it does not, <see cref="Begin"/> goes on.</returns>
    public bool Open(SqlStamp stamp, int asides)
    {
        if (stamp == _stamp && asides == _asides)
        {
            return true;
        }

        Clear();
        (_stamp, _asides) = (stamp, asides);
        return false;
    }

    /// <summary>Takes in the newest id of the rows: one that is newer is not among them.</summary>
    public void Begin(ReservationId? newest) => _newest = newest ?? default(ReservationId);

    public void Clear()
    {
        Forget();
        (_stamp, _newest) = (null, null);
    }

    public QuotaState? Find(QuotaKey quota) => _quotas.TryGetValue(quota, out var state) ? state : null;

    public Reservation? Find(ReservationId id) => _known.GetValueOrDefault(id);

    /// <summary>Whether a reservation may be there that is not known here.</summary>
    public bool MayBeStored(ReservationId id) => _newest is not { } newest || id.Value <= newest.Value;

    /// <summary>What is open of a quota as far as it is known.</summary>
    public IEnumerable<Reservation> OpenOf(QuotaKey quota) => _known.Values.Where(item => item.State is ReservationState.Open && item.Quota == quota);

    /// <summary>Keeps what was committed.</summary>
    /// <param name="committed">What was.</param>
    /// <param name="isFolded">Whether the rows were brought up to date before it.</param>
    public void Keep(QuotaBatch committed, bool isFolded)
    {
        if (_stamp is null)
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
