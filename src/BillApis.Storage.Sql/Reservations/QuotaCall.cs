using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>What one caller wants, and what became of it.</summary>
internal abstract class QuotaCall
{
    /// <summary>The reservation that it is about.</summary>
    public abstract ReservationId Id { get; }
}

/// <summary>Sets a quantity aside.</summary>
internal sealed class ReserveCall(Reservation wanted, decimal metered, Duration lifetime) : QuotaCall
{
    public override ReservationId Id => Wanted.Id;

    public Reservation Wanted { get; } = wanted;

    public decimal Metered { get; } = metered;

    public Duration Lifetime { get; } = lifetime;

    public ReserveOutcome Outcome { get; set; }
}

/// <summary>Ends a reservation.</summary>
internal sealed class SettleCall(ReservationId id, decimal? actual) : QuotaCall
{
    public override ReservationId Id => id;

    public decimal? Actual { get; } = actual;

    public SettleOutcome Outcome { get; set; }
}
