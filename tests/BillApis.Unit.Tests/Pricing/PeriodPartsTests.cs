using BillApis.Pricing;
using NodaTime;

namespace BillApis.Unit.Tests.Pricing;

public sealed class PeriodPartsTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];

    [Fact]
    public void Any_partition_of_a_period_sums_to_the_whole_in_100_000_cases() =>
        Parallel.For(0, 100, chunk =>
        {
            var random = new Random(chunk);
            for (var i = 0; i < 1_000; i++)
            {
                Check(random);
            }
        });

    [Fact]
    public void A_credit_never_exceeds_what_is_left_of_what_was_billed()
    {
        var usd = Currency.Parse("USD");
        var half = new ProrationFactor(1, 2);
        PeriodParts.UnusedCredit(100m, half, Money.Of(100, usd), Money.Zero(usd)).ShouldBe(Money.Of(50, usd));
        PeriodParts.UnusedCredit(100m, half, Money.Of(30, usd), Money.Zero(usd)).ShouldBe(Money.Of(30, usd));
        PeriodParts.UnusedCredit(100m, half, Money.Of(100, usd), Money.Of(80, usd)).ShouldBe(Money.Of(20, usd));
        PeriodParts.UnusedCredit(100m, half, Money.Of(100, usd), Money.Of(120, usd)).ShouldBe(Money.Zero(usd));
    }

    private static void Check(Random random)
    {
        var zone = DateTimeZoneProviders.Tzdb[Zones[random.Next(Zones.Length)]];
        var start = Instant.FromUnixTimeSeconds(random.NextInt64(946_684_800, 2_208_988_800));
        var schedule = new BillingSchedule(zone, start, BillingAnchor.Subscription, new((IntervalUnit)random.Next(0, 6), random.Next(1, 4)));
        var period = schedule.PeriodAt(random.Next(0, 5));
        var full = new Interval(period.Start, period.End);
        var seconds = (long)full.Duration.TotalSeconds;
        var cuts = Enumerable.Range(0, random.Next(0, 5)).Select(_ => period.Start + Duration.FromSeconds(random.NextInt64(seconds + 1))).Order().ToArray();
        var whole = Money.FromMinorUnits(random.NextInt64(-10_000_000, 10_000_000), Currency.Parse(random.Next(2) == 0 ? "USD" : "JPY"));
        var proration = (BillApis.Pricing.Proration)random.Next(0, 3);
        var parts = PeriodParts.Split(whole, proration, full, cuts, zone);
        if (parts.Length != cuts.Length + 1 || parts.Aggregate(Money.Zero(whole.Currency), (sum, part) => sum + part) != whole)
        {
            Assert.Fail($"{whole} of {full} {proration} at {string.Join(", ", cuts)} became {string.Join(", ", parts)}");
        }

        // One after the other, each knowing only what was billed before it.
        var (sum, before) = (Money.Zero(whole.Currency), (ProrationFactor?)null);
        foreach (var (from, to) in cuts.Prepend(full.Start).Zip(cuts.Append(full.End)).Where(_ => proration is not BillApis.Pricing.Proration.None))
        {
            var part = ProrationFactor.Of(proration, new Interval(from, to), full, zone);
            (sum, before) = (sum + PeriodParts.Part(whole.Amount, part, before, whole.Currency), (before + part) ?? part);
        }

        if (before is { } all && (!all.IsWhole || sum != whole))
        {
            Assert.Fail($"{whole} of {full} {proration} at {string.Join(", ", cuts)} came to {sum} for {all}");
        }
    }
}
