using NodaTime;

namespace BillApis;

/// <summary>How an attempt to reserve ended: <see cref="Allowed"/>, <see cref="Denied"/> or <see cref="Indeterminate"/>.</summary>
/// <param name="Id">The id of the reservation.</param>
public abstract record ReserveResult(ReservationId Id)
{
    /// <summary>Whether the work may be done.</summary>
    public abstract bool MayProceed { get; }
}

/// <summary>The quantity is set aside until it is committed, released or expires.</summary>
/// <param name="Reservation">What is set aside.</param>
/// <param name="Count">How the quota stands with it.</param>
public sealed record Allowed(Reservation Reservation, QuotaCount Count) : ReserveResult(Reservation.Id)
{
    /// <inheritdoc/>
    public override bool MayProceed => true;
}

/// <summary>Nothing is set aside.</summary>
/// <param name="Id">The id that was asked for.</param>
/// <param name="Check">Why, and how the quota stands.</param>
public sealed record Denied(ReservationId Id, EntitlementCheck Check) : ReserveResult(Id)
{
    /// <inheritdoc/>
    public override bool MayProceed => false;
}

/// <summary>It cannot be told: the database did not answer. Whatever it set aside expires by itself; committing or releasing the id is right in either case.</summary>
/// <param name="Id">The id that was asked for.</param>
/// <param name="FailsOpen">Whether the application chose to go on in this case.</param>
/// <param name="Cause">What happened.</param>
public sealed record Indeterminate(ReservationId Id, bool FailsOpen, Exception Cause) : ReserveResult(Id)
{
    /// <inheritdoc/>
    public override bool MayProceed => FailsOpen;
}
