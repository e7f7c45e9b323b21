namespace BillApis;

/// <summary>What becomes of a reservation and its quotas, the first and perhaps a second: pure, the same for every store.</summary>
internal static class ReservationRules
{
    /// <summary>Sets a quantity aside where both quotas have room for it; a reservation that is there already stays as it is.</summary>
    public static (ReserveOutcome Outcome, bool IsNew) Reserve(QuotaCount count, QuotaCount also, Reservation? known, Reservation wanted, MeteredUse metered)
    {
        if (known is not null)
        {
            return (new ReserveOutcome(known, count, also), false);
        }

        var first = count.Reserve(wanted.Quantity, wanted.Limit, metered.Quantity);
        var second = wanted.Also is { } share ? also.Reserve(wanted.Quantity, share.Limit, metered.Also) : also;
        return (first, second) is ({ } next, { } alsoNext)
            ? (new ReserveOutcome(wanted, next, alsoNext), true)
            : (new ReserveOutcome(null, count with { Used = Math.Max(count.Used, metered.Quantity) }, also with { Used = Math.Max(also.Used, metered.Also) }), false);
    }

    /// <summary>Ends a reservation. One that expired holds nothing any more: it is counted where there is room, since the work was done.</summary>
    public static (SettleOutcome Outcome, QuotaCount Count, QuotaCount Also) Settle(QuotaCount count, QuotaCount also, Reservation? known, decimal? actual) => (known, actual) switch
    {
        (null, _) => (new SettleOutcome(SettleResult.Unknown, null), count, also),
        ({ State: ReservationState.Open }, null) => (new SettleOutcome(SettleResult.Settled, known with { State = ReservationState.Released }), count.Release(known.Quantity), also.Release(known.AlsoHeld)),
        ({ State: ReservationState.Released or ReservationState.Expired }, null) => (new SettleOutcome(SettleResult.Settled, known), count, also),
        ({ State: ReservationState.Committed }, { } used) when used == known.Actual => (new SettleOutcome(SettleResult.Settled, known), count, also),
        ({ State: ReservationState.Open or ReservationState.Expired }, { } used) => Commit(count, also, known, used),
        _ => (new SettleOutcome(SettleResult.EndedOtherwise, known), count, also),
    };

    private static (SettleOutcome, QuotaCount, QuotaCount) Commit(QuotaCount count, QuotaCount also, Reservation known, decimal used)
    {
        var held = known.State is ReservationState.Open ? known.Quantity : 0;
        var (first, second) = (count.Commit(held, used, known.Limit), known.Also is { } share ? also.Commit(held, used, share.Limit) : also);
        return (first, second) is ({ } next, { } alsoNext)
            ? (new SettleOutcome(SettleResult.Settled, known with { State = ReservationState.Committed, Actual = used }), next, alsoNext)
            : (new SettleOutcome(SettleResult.OverLimit, known), count, also);
    }
}
