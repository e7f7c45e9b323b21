using NodaTime;

namespace BillApis.Testing;

/// <summary>Billing time that stands still until it is moved; timers stay real.</summary>
/// <param name="start">What it shows at first.</param>
public sealed class ManualClock(Instant start) : TimeProvider
{
    private long _ticks = start.ToUnixTimeTicks();

    /// <summary>What it shows.</summary>
    public Instant Now => Instant.FromUnixTimeTicks(Volatile.Read(ref _ticks));

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Now.ToDateTimeOffset();

    /// <summary>Moves it forward.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant lies before the one that it shows.</exception>
    public void MoveTo(Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(now, Now);
        Volatile.Write(ref _ticks, now.ToUnixTimeTicks());
    }
}
