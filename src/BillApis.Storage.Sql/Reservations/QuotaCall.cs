using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>What one caller wants.</summary>
internal abstract record QuotaCall;

/// <summary>Sets a quantity aside.</summary>
internal sealed record ReserveCall(Reservation Wanted, MeteredUse Metered, Duration Lifetime) : QuotaCall
{
    /// <summary>What became of it.</summary>
    public ReserveOutcome Outcome { get; set; }
}

/// <summary>Ends a reservation.</summary>
internal sealed record SettleCall(ReservationId Id, decimal? Actual) : QuotaCall
{
    /// <summary>What became of it.</summary>
    public SettleOutcome Outcome { get; set; }
}

/// <summary>Brings the rows up to date, for those who read them.</summary>
internal sealed record FoldCall : QuotaCall;

/// <summary>Gives back what expired of a quota.</summary>
internal sealed record ExpireCall(QuotaKey Quota) : QuotaCall;
