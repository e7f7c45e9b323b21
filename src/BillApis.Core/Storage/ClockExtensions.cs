using NodaTime;

namespace BillApis.Storage;

/// <summary>Tells instants as they will be read back.</summary>
internal static class ClockExtensions
{
    /// <summary>The time to the microsecond: what follows from it is the same before it is stored and after.</summary>
    public static Instant GetStoredInstant(this IClock clock) => clock.GetCurrentInstant().ToStored();

    /// <summary>The instant to the microsecond.</summary>
    public static Instant ToStored(this Instant instant) => Instant.FromUnixTimeTicks(instant.ToUnixTimeTicks() / 10 * 10);
}
