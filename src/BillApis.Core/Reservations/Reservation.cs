using NodaTime;

namespace BillApis;

/// <summary>A part of a quota that is set aside for work that is about to be done.</summary>
public sealed record Reservation
{
    /// <summary>The id, chosen by the caller so that a repeat is known as one.</summary>
    public required ReservationId Id { get; init; }

    /// <summary>The quota.</summary>
    public required QuotaKey Quota { get; init; }

    /// <summary>How much is set aside.</summary>
    public required decimal Quantity { get; init; }

    /// <summary>The limit that it was held to; null for none.</summary>
    public decimal? Limit { get; init; }

    /// <summary>Where it stands.</summary>
    public ReservationState State { get; init; }

    /// <summary>What was used in the end; null while that is open.</summary>
    public decimal? Actual { get; init; }

    /// <summary>When it is given back by itself, by the database's clock.</summary>
    public Instant ExpiresAt { get; init; }
}

/// <summary>Where a reservation stands.</summary>
public enum ReservationState
{
    /// <summary>Its quantity is set aside.</summary>
    Open,

    /// <summary>What was used is counted.</summary>
    Committed,

    /// <summary>It was given back.</summary>
    Released,

    /// <summary>Its time ran out, and it was given back.</summary>
    Expired,
}
