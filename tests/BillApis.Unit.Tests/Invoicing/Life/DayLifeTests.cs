using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing.Life;

/// <summary>Whatever happens to a subscription whose prices are prorated by days, what is invoiced, net of what is given back, is what a count of its calendar days comes to.</summary>
public sealed class DayLifeTests
{
    private const int Lives = 1_000;

    // Where clocks go on and back, by half an hour too, where midnight or a whole day is left out, and about leap days.
    private static readonly (string Zone, LocalDate From)[] Places =
    [
        ("UTC", new(2024, 1, 1)), ("America/New_York", new(2025, 9, 20)), ("Europe/Berlin", new(2026, 2, 1)), ("Australia/Lord_Howe", new(2026, 2, 10)), ("Australia/Lord_Howe", new(2025, 8, 20)),
        ("Pacific/Apia", new(2011, 11, 10)), ("America/Sao_Paulo", new(2018, 9, 20)), ("America/St_Johns", new(2025, 9, 25)), ("Asia/Kathmandu", new(2023, 12, 25)), ("Pacific/Chatham", new(2026, 2, 20)),
    ];

    [Fact]
    public void Invoices_net_of_credits_come_to_what_the_days_cost()
    {
        for (var seed = 0; seed < Lives; seed++)
        {
            Live(seed);
        }
    }

    private static void Live(int seed)
    {
        var random = new Random(seed);
        var place = Places[random.Next(Places.Length)];
        var zone = DateTimeZoneProviders.Tzdb[place.Zone];
        var start = zone.AtStartOfDay(place.From.PlusDays(random.Next(0, 45))).ToInstant() + Duration.FromMinutes(random.Next(3) == 0 ? 0 : random.Next(0, 1_300));
        var trial = random.Next(3) == 0 ? start + Duration.FromSeconds(random.Next(1, 40 * 86_400)) : (Instant?)null;
        var billed = trial ?? start;
        var (timing, months) = (random.Next(2) == 0 ? BillingTiming.InAdvance : BillingTiming.InArrears, random.Next(4) == 0 ? 3 : 1);
        var day = random.Next(3) switch { 0 => 1, 1 => random.Next(28, 32), _ => billed.InZone(zone).Day };
        var anchor = day == 1 ? BillingAnchor.Calendar : random.Next(2) == 0 || day != billed.InZone(zone).Day ? BillingAnchor.OnDay(day) : BillingAnchor.Subscription;
        var meter = new DayMeter(billed, zone, day, months, anchor == BillingAnchor.Calendar) { Fee = 10, Seats = 2 };
        var life = new PaperSubscription(PlanOf(10, 2, timing, months), From(start, anchor, place.Zone) with { TrialEndAt = trial });
        var now = start;
        for (var step = random.Next(1, 9); step > 0; step--)
        {
            now += random.Next(4) switch { 0 => Duration.Zero, 1 => Duration.FromSeconds(random.Next(0, 20_000)), _ => Duration.FromSeconds(random.Next(0, 40 * 86_400)) };
            meter.RunTo(now);
            Step(random, life, meter, timing, months, now);
        }

        now += Duration.FromDays(random.Next(1, 50));
        meter.RunTo(now);
        if (meter.Running)
        {
            life.Change(now, new Cancel { When = ChangeWhen.Immediate });
        }

        life.BillUntil(now);
        var lines = life.Invoices.Sum(invoice => invoice.Lines.Length);
        Math.Abs(life.Net - meter.Cost).ShouldBeLessThanOrEqualTo(0.005m * lines, $"seed {seed} {place} {start} trial {trial} {anchor} {months} {timing}: invoiced {life.Net}, the days cost {meter.Cost}; {string.Join(", ", life.State.Timeline.Entries.Select(entry => $"{entry.Kind} {entry.At}"))}; {string.Join(" | ", life.Invoices.SelectMany(invoice => invoice.Lines).Select(line => $"{line.Kind} {line.Amount} {line.Period}"))}");
    }

    private static void Step(Random random, PaperSubscription life, DayMeter meter, BillingTiming timing, int months, Instant now)
    {
        switch (meter.Running ? random.Next(4) : -1)
        {
            case -1:
                life.Change(now, new Reactivate());
                meter.Running = true;
                break;
            case 0 or 1:
                meter.Seats = random.Next(0, 9);
                life.Change(now, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", meter.Seats)));
                break;
            case 2:
                meter.Fee = random.Next(1, 5_000) / 100m;
                life.Change(now, new ChangePlan("next"), PlanOf(meter.Fee, meter.Seats, timing, months));
                break;
            default:
                life.Change(now, new Cancel { When = ChangeWhen.Immediate });
                meter.Running = false;
                break;
        }
    }

    private static PlanVersion PlanOf(decimal fee, decimal seats, BillingTiming timing, int months)
    {
        static PriceTerms ByDay(PriceTerms terms) => terms with { Proration = BillApis.Pricing.Proration.ByDay };
        var interval = new BillingInterval(months == 3 ? IntervalUnit.Quarter : IntervalUnit.Month, 1);
        return Plan(Item("fee", new FlatPrice(fee), timing, interval, with: ByDay), Item("seats", new PerUnitPrice(3.33m), timing, interval, quantity: seats, with: ByDay));
    }

    /// <summary>Adds up what each date costs: its share of the days of the period that it lies in. A date belongs to what holds as it ends.</summary>
    private sealed class DayMeter(Instant start, DateTimeZone zone, int day, int months, bool calendar)
    {
        private DateOnly _next = Date(start, zone);

        public decimal Cost { get; private set; }

        public decimal Fee { get; set; }

        public decimal Seats { get; set; }

        public bool Running { get; set; } = true;

        /// <summary>Counts the dates that are over; the one of the instant belongs to what comes.</summary>
        public void RunTo(Instant to)
        {
            for (var until = Date(to, zone); _next < until; _next = _next.AddDays(1))
            {
                var (from, end) = PeriodOf(_next);
                Cost += Running ? (Fee + (Seats * 3.33m)) / (end.DayNumber - from.DayNumber) : 0;
            }
        }

        private (DateOnly From, DateOnly End) PeriodOf(DateOnly date)
        {
            var first = Date(start, zone);
            var begin = calendar ? (first.Year * 12) + ((first.Month - 1) / months * months) : (first.Year * 12) + first.Month - 1 - (On((first.Year * 12) + first.Month - 1) > first ? months : 0);
            while (On(begin + months) <= date)
            {
                begin += months;
            }

            return (On(begin), On(begin + months));
        }

        // The date that is left out on an island is not one that anything begins on.
        private DateOnly On(int month)
        {
            var date = new DateOnly(month / 12, (month % 12) + 1, Math.Min(day, DateTime.DaysInMonth(month / 12, (month % 12) + 1)));
            return zone.Id == "Pacific/Apia" && date == new DateOnly(2011, 12, 30) ? date.AddDays(1) : date;
        }

        private static DateOnly Date(Instant at, DateTimeZone zone) => at.InZone(zone).Date.ToDateOnly();
    }
}
