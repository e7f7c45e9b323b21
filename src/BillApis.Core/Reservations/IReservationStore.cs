using NodaTime;

namespace BillApis;

/// <summary>Counts quotas and what is set aside of them. Implementations must pass <c>ReservationStoreConformance</c>.</summary>
/// <remarks>What is used and set aside of a quota never exceeds its limit, whoever calls from wherever, and whatever is killed on the way. Expiry follows the database's clock.</remarks>
public interface IReservationStore
{
    /// <summary>Sets a quantity aside where the limit allows it; repeating an id answers what became of it before.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="wanted">What to set aside.</param>
    /// <param name="metered">What was used of the quota by the meter, and of the second one.</param>
    /// <param name="lifetime">How long it is set aside.</param>
    /// <param name="cancellationToken">Stops waiting for one's turn.</param>
    Task<ReserveOutcome> ReserveAsync(TenantId tenant, Reservation wanted, MeteredUse metered, Duration lifetime, CancellationToken cancellationToken);

    /// <summary>Ends a reservation: counts what was used, or gives it back where that is null; repeating it changes nothing.</summary>
    Task<SettleOutcome> SettleAsync(TenantId tenant, ReservationId id, decimal? actual, CancellationToken cancellationToken);

    /// <summary>Reads a reservation, as it stands now; null where there is none.</summary>
    Task<Reservation?> FindAsync(TenantId tenant, ReservationId id, CancellationToken cancellationToken);

    /// <summary>How a quota stands; nothing for one that nobody reserved of. What expired of a second quota comes back with the first.</summary>
    Task<QuotaCount> CountAsync(TenantId tenant, QuotaKey quota, CancellationToken cancellationToken);

    /// <summary>Gives back what expired, of some quotas of all tenants.</summary>
    /// <returns>How many quotas were looked at.</returns>
    Task<int> ExpireAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>What became of an attempt to reserve.</summary>
/// <param name="Reservation">The reservation; null where the limit does not allow it.</param>
/// <param name="Count">How the quota stands.</param>
/// <param name="Also">How the second quota stands; nothing where there is none.</param>
public readonly record struct ReserveOutcome(Reservation? Reservation, QuotaCount Count, QuotaCount Also = default);

/// <summary>What the meter says was used.</summary>
/// <param name="Quantity">Of the quota.</param>
/// <param name="Also">Of the second quota.</param>
public readonly record struct MeteredUse(decimal Quantity, decimal Also = 0)
{
    /// <summary>Of the quota alone.</summary>
    public static implicit operator MeteredUse(decimal quantity) => new(quantity);

    /// <summary>Of the quota alone.</summary>
    public static MeteredUse FromDecimal(decimal quantity) => new(quantity);
}

/// <summary>What became of an attempt to end a reservation.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Reservation">The reservation as it stands; null where there is none.</param>
public readonly record struct SettleOutcome(SettleResult Result, Reservation? Reservation);

/// <summary>How an attempt to end a reservation went.</summary>
public enum SettleResult
{
    /// <summary>It has ended so, now or before.</summary>
    Settled,

    /// <summary>There is no such reservation.</summary>
    Unknown,

    /// <summary>More was used than was set aside, and the limit has no room for it; the reservation stays as it is.</summary>
    OverLimit,

    /// <summary>It had ended otherwise before.</summary>
    EndedOtherwise,
}
