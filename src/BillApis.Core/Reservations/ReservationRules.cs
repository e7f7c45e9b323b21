namespace BillApis;

/// <summary>What becomes of a reservation and its quota: pure, the same for every store.</summary>
internal static class ReservationRules
{
    /// <summary>Sets a quantity aside; a reservation that is there already stays as it is.</summary>
    public static (ReserveOutcome Outcome, bool IsNew) Reserve(QuotaCount count, Reservation? known, Reservation wanted, decimal metered) =>
        known is not null ? (new ReserveOutcome(known, count), false)
        : count.Reserve(wanted.Quantity, wanted.Limit, metered) is { } next ? (new ReserveOutcome(wanted, next), true)
        : (new ReserveOutcome(null, count with { Used = Math.Max(count.Used, metered) }), false);

    /// <summary>Ends a reservation. One that expired holds nothing any more: it is counted where there is room, since the work was done.</summary>
    public static (SettleOutcome Outcome, QuotaCount Count) Settle(QuotaCount count, Reservation? known, decimal? actual)
    {
        (SettleResult Result, QuotaCount Count, Reservation? After) ended = (known, actual) switch
        {
            (null, _) => (SettleResult.Unknown, count, null),
            ({ State: ReservationState.Open }, null) => (SettleResult.Settled, count.Release(known.Quantity), known with { State = ReservationState.Released }),
            ({ State: ReservationState.Released or ReservationState.Expired }, null) => (SettleResult.Settled, count, known),
            ({ State: ReservationState.Committed }, { } used) when used == known.Actual => (SettleResult.Settled, count, known),
            ({ State: ReservationState.Open or ReservationState.Expired }, { } used) => Commit(count, known, used),
            _ => (SettleResult.EndedOtherwise, count, known),
        };
        return (new SettleOutcome(ended.Result, ended.After), ended.Count);
    }

    private static (SettleResult, QuotaCount, Reservation?) Commit(QuotaCount count, Reservation known, decimal used) =>
        count.Commit(known.State is ReservationState.Open ? known.Quantity : 0, used, known.Limit) is { } next
            ? (SettleResult.Settled, next, known with { State = ReservationState.Committed, Actual = used })
            : (SettleResult.OverLimit, count, known);
}
