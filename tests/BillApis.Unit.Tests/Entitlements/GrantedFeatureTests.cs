using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Entitlements;

public sealed class GrantedFeatureTests
{
    private static readonly Feature Calls = new() { Code = "calls", Name = "Calls" };
    private static readonly DateTimeZone Paris = DateTimeZoneProviders.Tzdb["Europe/Paris"];
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 29, 12, 0);

    [Fact]
    public void Quotas_add_up_and_an_exception_stands_in_for_all_of_them()
    {
        var sources = new[] { Plan(Metered(100)), Plan(Metered(50)) with { Quantity = 3 } };
        Of(sources).Terms.Limit.ShouldBe(250);
        Of([.. sources, Plan(Metered(null))]).Terms.Limit.ShouldBeNull();
        Of([.. sources, Override(Metered(7)), Override(Metered(9))]).Terms.Limit.ShouldBe(9);
        Of([.. sources, Plan(Metered(0) with { Overage = Overage.Allow })]).Terms.Overage.ShouldBe(Overage.Allow);
    }

    [Fact]
    public void A_switch_is_on_where_one_is_and_of_numbers_the_greatest_holds()
    {
        Of([Plan(Switch(false)), Plan(Switch(true))]).Terms.Enabled.ShouldBeTrue();
        Of([Plan(Switch(true)), Override(Switch(false))]).Terms.Enabled.ShouldBeFalse();
        Of([Plan(Fixed(3)), Plan(Fixed(5)), Plan(Fixed(4))]).Terms.Limit.ShouldBe(5);
        Of([]).Terms.Enabled.ShouldBeFalse();
    }

    // The day on which Paris springs forward has 23 hours; its March ends two hours before UTC's.
    [Theory]
    [InlineData(UsageReset.Day, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData(UsageReset.Month, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")]
    [InlineData(UsageReset.Period, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")]
    [InlineData(UsageReset.Week, "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData(UsageReset.Hour, "2026-03-29T12:00:00Z", "2026-03-29T13:00:00Z")]
    [InlineData(UsageReset.Never, "1970-01-01T00:00:00Z", null)]
    public void Windows_follow_the_customers_zone(UsageReset reset, string start, string? end)
    {
        var window = Of([Plan(Metered(1) with { Reset = reset })]).Window!.Value;
        window.Start.ToString().ShouldBe(start);
        (window.HasEnd ? window.End.ToString() : null).ShouldBe(end);
    }

    [Fact]
    public void A_period_is_the_subscriptions_own()
    {
        var period = new Interval(Noon - Duration.FromDays(3), Noon + Duration.FromDays(4));
        Of([Plan(Metered(1)) with { Period = period }]).Window.ShouldBe(period);
    }

    [Theory]
    [InlineData(10, 7, 3, true, null)]
    [InlineData(10, 7, 4, false, EntitlementReason.LimitReached)]
    [InlineData(10, 10, 0, true, null)]
    [InlineData(10, 11, 0, false, EntitlementReason.LimitReached)]
    public void A_quota_allows_what_is_left_of_it(int limit, int used, int quantity, bool allowed, EntitlementReason? reason)
    {
        var check = EntitlementCheck.Of(Metered(limit), used, null, quantity, false);
        (check.Allowed, check.Reason, check.Remaining).ShouldBe((allowed, reason, Math.Max(0, limit - used)));
        EntitlementCheck.Of(Metered(limit), used, null, quantity, true).Reason.ShouldBe(EntitlementReason.SpendLimit);
    }

    private static GrantedFeature Of(EntitlementSource[] sources) => GrantedFeature.Of(Calls, sources, Paris, Noon);

    private static Entitlement Metered(decimal? limit) => new(Calls.Id, EntitlementType.Metered) { Limit = limit };

    private static Entitlement Switch(bool on) => new(Calls.Id, EntitlementType.Boolean) { Enabled = on };

    private static Entitlement Fixed(decimal number) => new(Calls.Id, EntitlementType.Static) { Limit = number };

    private static EntitlementSource Plan(Entitlement terms) => new(terms, EntitlementOrigin.Plan, "sub");

    private static EntitlementSource Override(Entitlement terms) => new(terms, EntitlementOrigin.Override, "ent");
}
