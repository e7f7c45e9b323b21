using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Pricing.BillingScheduleTests;

namespace BillApis.Unit.Tests.Pricing;

public sealed class ProrationFactorTests
{
    [Theory]
    [InlineData("by_day", "UTC", "2026-01-15T15:00:00Z", "2026-02-01T00:00:00Z", "17/31")]
    [InlineData("by_second", "UTC", "2026-01-15T12:00:00Z", "2026-02-01T00:00:00Z", "33/62")]
    [InlineData("none", "UTC", "2026-01-15T12:00:00Z", "2026-02-01T00:00:00Z", "1/1")]
    [InlineData("by_second", "UTC", "2025-12-15T12:00:00Z", "2026-03-01T00:00:00Z", "1/1")]
    [InlineData("by_second", "UTC", "2026-01-15T12:00:00Z", "2026-01-15T12:00:00Z", "0/1")]
    public void Parts_of_January(string proration, string zone, string start, string end, string factor) =>
        ProrationFactor.Of(Enum.Parse<BillApis.Pricing.Proration>(proration.Replace("_", "", StringComparison.Ordinal), ignoreCase: true), new(At(start), At(end)), new(At("2026-01-01T00:00:00Z"), At("2026-02-01T00:00:00Z")), DateTimeZoneProviders.Tzdb[zone])
            .ToString().ShouldBe(factor);

    [Fact]
    public void A_day_of_23_hours_is_a_day_but_fewer_seconds()
    {
        var zone = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        var march = new Interval(At("2026-02-28T23:00:00Z"), At("2026-03-31T22:00:00Z"));
        var lastThree = new Interval(At("2026-03-28T23:00:00Z"), march.End);
        ProrationFactor.Of(BillApis.Pricing.Proration.ByDay, lastThree, march, zone).ToString().ShouldBe("3/31");
        ProrationFactor.Of(BillApis.Pricing.Proration.BySecond, lastThree, march, zone).ToString().ShouldBe("71/743");
    }

    [Fact]
    public void Applying_is_exact_where_a_decimal_can_be_and_never_makes_a_tie_that_is_none()
    {
        new ProrationFactor(1, 8).Apply(1m).ShouldBe(0.125m);
        new ProrationFactor(17, 31).Apply(31m).ShouldBe(17m);
        var usd = Currency.Parse("USD");
        // 1/3 of 0.015 is exactly half a cent; a hair less is not, though 28 digits could not tell.
        Money.Round(new ProrationFactor(1, 3).Apply(0.015m), usd).MinorUnits.ShouldBe(1);
        Money.Round(new ProrationFactor(333_333_333_333_333_333, 999_999_999_999_999_999 + 1).Apply(0.015m), usd).MinorUnits.ShouldBe(0);
        default(ProrationFactor).Denominator.ShouldBe(1);
    }

    [Fact]
    public void Large_amounts_are_prorated_like_small_ones() => new ProrationFactor(1, 2).Apply(42_949_672.96m).ShouldBe(21_474_836.48m);
}
