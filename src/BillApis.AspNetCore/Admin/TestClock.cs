using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>Billing time that stands still until it is moved; timers and time stamps of measurements stay real.</summary>
internal sealed class TestClock(Instant start) : TimeProvider
{
    private readonly Lock _lock = new();
    private Instant _now = start;

    public override DateTimeOffset GetUtcNow() => Now.ToDateTimeOffset();

    public Instant Now
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <summary>Moves the clock forward.</summary>
    /// <exception cref="BillingException">The instant lies before the one that the clock shows, or beyond any billing.</exception>
    public void MoveTo(Instant now)
    {
        lock (_lock)
        {
            _now = now < _now ? throw BillingException.Field("now", $"must not be before {_now}, which the clock shows; time does not go back")
                : now > Period.Latest ? throw BillingException.Field("now", $"must not be after {Period.Latest}")
                : now;
        }
    }
}
