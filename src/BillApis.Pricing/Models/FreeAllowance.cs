namespace BillApis.Pricing;

/// <summary>The free events and the free amount of a percentage price, used up in event order.</summary>
internal struct FreeAllowance(int? events, decimal? amount, bool lastsWhileEither)
{
    private readonly bool _limitsEvents = events > 0;
    private readonly bool _limitsAmount = amount > 0;
    private int _events = events ?? 0;
    private decimal _amount = amount ?? 0;

    /// <summary>Whether the last event was free as a whole.</summary>
    public bool TookWholeEvent { get; private set; }

    /// <summary>How much of the next event is free.</summary>
    public decimal Take(decimal value)
    {
        var open = (_limitsEvents, _limitsAmount) switch
        {
            (false, false) => false,
            (true, false) => _events > 0,
            (false, true) => _amount > 0,
            _ => lastsWhileEither ? _events > 0 || _amount > 0 : _events > 0 && _amount > 0,
        };
        var free = !open ? 0 : _limitsAmount && _amount > 0 ? Math.Min(value, _amount) : value;
        TookWholeEvent = open && free == value;
        (_events, _amount) = open ? (Math.Max(0, _events - 1), Math.Max(0, _amount - free)) : (_events, _amount);
        return free;
    }
}
