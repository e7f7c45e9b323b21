namespace BillApis.Storage.Sql.Reservations;

/// <summary>A tenant's quotas and open reservations as the last commit of this process left them; they hold where nobody else can have written since.</summary>
internal sealed class QuotaMemory
{
    private const int Size = 10_000;
    private readonly Dictionary<QuotaKey, QuotaState> _quotas = [];
    private readonly Dictionary<ReservationId, Reservation> _open = [];
    private SqlStamp? _stamp;
    private int _asides;

    /// <summary>Forgets everything where another may have written since.</summary>
    /// <param name="stamp">What is equal as long as no other process wrote; null where many write.</param>
    /// <param name="asides">How often this process wrote without telling what.</param>
    public void Open(SqlStamp? stamp, int asides)
    {
        if (stamp is null || stamp != _stamp || asides != _asides)
        {
            Clear();
            (_stamp, _asides) = (stamp, asides);
        }
    }

    public void Clear()
    {
        _quotas.Clear();
        _open.Clear();
        _stamp = null;
    }

    public QuotaState? Find(QuotaKey quota) => _quotas.TryGetValue(quota, out var state) ? state : null;

    public Reservation? Find(ReservationId id) => _open.GetValueOrDefault(id);

    /// <summary>Keeps what was committed.</summary>
    public void Keep(QuotaBatch committed)
    {
        if (_stamp is null)
        {
            return;
        }

        if (_quotas.Count > Size || _open.Count > Size)
        {
            _quotas.Clear();
            _open.Clear();
        }

        foreach (var (key, state) in committed.Quotas)
        {
            _quotas[key] = state;
        }

        foreach (var reservation in committed.Written)
        {
            if (reservation.State is ReservationState.Open)
            {
                _open[reservation.Id] = reservation;
            }
            else
            {
                _open.Remove(reservation.Id);
            }
        }
    }
}
