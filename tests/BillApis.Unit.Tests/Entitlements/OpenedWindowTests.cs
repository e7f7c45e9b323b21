using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Entitlements;

public sealed class OpenedWindowTests
{
    // On 29 March 2026 Berlin's clocks go from two to three o'clock: half past two does not exist, and three is the first instant that does.
    [Theory]
    [InlineData(2, 30, "2026-03-29T01:00:00Z")]
    [InlineData(1, 30, "2026-03-29T00:30:00Z")]
    [InlineData(4, 0, "2026-03-29T02:00:00Z")]
    public void A_window_that_would_end_in_a_skipped_hour_ends_at_the_first_instant_behind_it(int hour, int minute, string end)
    {
        var berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        var terms = new Entitlement(default, EntitlementType.Metered) { Reset = UsageReset.Day, Opens = WindowOpening.FirstUsage };
        var period = new Interval(Instant.FromUtc(2026, 3, 1, 0, 0), Instant.FromUtc(2026, 4, 1, 0, 0));
        var use = new LocalDateTime(2026, 3, 28, hour, minute).InZoneStrictly(berlin).ToInstant();
        OpenedWindow.Of(terms, period, berlin, use, null)!.Value.End.ToString().ShouldBe(end);
    }
}
