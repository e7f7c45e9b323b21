using NodaTime;

namespace BillApis.Storage;

/// <summary>Tells the time as it will be read back.</summary>
internal static class ClockExtensions
{
    /// <summary>The time to the microsecond: what follows from it is the same before it is stored and after.</summary>
    public static Instant GetStoredInstant(this IClock clock) => Instant.FromUnixTimeTicks(clock.GetCurrentInstant().ToUnixTimeTicks() / 10 * 10);
}
