using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>Prices that share a schedule ask for its periods once: whatever was asked before, they are the schedule's own.</summary>
public sealed class SharedScheduleTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Paris", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu"];

    [Fact]
    public void Periods_and_boundaries_are_those_of_the_schedule_in_any_order_of_asking()
    {
        var random = new Random(29);
        foreach (var zone in Enumerable.Range(0, 60).Select(i => Zones[i % Zones.Length]))
        {
            // The days around the one that Apia left out are among them.
            var start = At(2011, 11, 1) + Duration.FromMinutes(random.Next(60 * 24 * 90));
            BillingAnchor[] anchors = [BillingAnchor.Subscription, BillingAnchor.Calendar, BillingAnchor.At(start + Duration.FromHours(random.Next(2_000)))];
            var (anchor, interval) = (anchors[random.Next(anchors.Length)], new BillingInterval((IntervalUnit)random.Next(3), random.Next(1, 4)));
            var plan = Plan(Item("a", new FlatPrice(1), BillingTiming.InAdvance, interval), Item("b", new FlatPrice(2), BillingTiming.InArrears, interval));
            var (charged, alone) = (ChargeSchedule.Of(From(start, anchor, zone), plan), new BillingSchedule(DateTimeZoneProviders.Tzdb[zone], start, anchor, interval));
            foreach (var at in Enumerable.Range(0, 80).Select(_ => start + Duration.FromMinutes(random.Next(60 * 24 * 100))))
            {
                var (period, next) = (alone.PeriodAt(alone.IndexAt(at)), alone.NextBoundary(at));
                charged.PeriodAt(at).ShouldBe(new Interval(period.Start, period.End));
                charged.NextBoundary(at).ShouldBe(next);

                // What a boundary charges is the period that ends there, and the one that begins there.
                var before = alone.PeriodAt(alone.IndexAt(next - Duration.Epsilon));
                var after = alone.PeriodAt(alone.IndexAt(next));
                charged.At(next, []).Charges.Select(charge => (charge.Price.Code, charge.Period, charge.Full)).ShouldBe(
                [
                    ("b", new Interval(before.Start, before.End), new Interval(before.FullStart, before.FullEnd)),
                    ("a", new Interval(after.Start, after.End), new Interval(after.FullStart, after.FullEnd)),
                ]);
            }
        }
    }
}
