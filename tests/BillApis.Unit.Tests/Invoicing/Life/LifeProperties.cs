using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing.Life;

/// <summary>Whatever happens to a subscription, what is invoiced, net of what is given back, is what a count of its seconds comes to.</summary>
public sealed class LifeProperties
{
    private const int Lives = 1_000;
    private static readonly Instant Start = At(2026, 1, 15, 9, 30);

    [Fact]
    public void Invoices_net_of_credits_come_to_what_the_seconds_cost()
    {
        for (var seed = 0; seed < Lives; seed++)
        {
            var random = new Random(seed);
            var timing = random.Next(2) == 0 ? BillingTiming.InAdvance : BillingTiming.InArrears;
            var life = new PaperSubscription(PlanOf(10, 2, timing), From(Start, zone: "Europe/Berlin"));
            var meter = new SecondMeter(10, 2);
            var now = Start;
            for (var step = random.Next(1, 9); step > 0; step--)
            {
                now += Duration.FromSeconds(random.Next(0, 40 * 86_400));
                meter.RunTo(now);
                Step(random, life, meter, timing, now);
            }

            now += Duration.FromDays(random.Next(1, 50));
            meter.RunTo(now);
            if (meter.Running || meter.Paused)
            {
                life.Change(now, new Cancel { When = ChangeWhen.Immediate });
            }

            life.BillUntil(now);
            var lines = life.Invoices.Sum(invoice => invoice.Lines.Length);
            Math.Abs(life.Net - meter.Cost).ShouldBeLessThanOrEqualTo(0.005m * lines, $"seed {seed}: invoiced {life.Net}, the seconds cost {meter.Cost}; {string.Join(", ", life.State.Timeline.Entries.Select(entry => $"{entry.Kind} {entry.At}"))}; {string.Join(" | ", life.Invoices.SelectMany(invoice => invoice.Lines).Select(line => $"{line.Kind} {line.Amount} {line.Period}"))}");
            life.Invoices.SelectMany(invoice => invoice.Lines).Where(line => line.GivesBack is not null).GroupBy(line => line.GivesBack)
                .ShouldAllBe(given => -given.Sum(line => line.Amount.Amount) <= life.Invoices.SelectMany(invoice => invoice.Lines).Single(line => line.Id == given.Key).Net.Amount);
        }
    }

    [Fact]
    public void Parts_of_a_period_between_pauses_without_length_sum_to_the_whole()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var price = random.Next(1, 100_000) / 100m;
            var life = new PaperSubscription(PlanOf(price, 0, BillingTiming.InAdvance), From(At(2026, 3, 1)));
            var now = At(2026, 3, 1);
            for (var cut = 0; cut < 5; cut++)
            {
                now += Duration.FromSeconds(random.Next(1, 500_000));
                life.Change(now, new Cancel { When = ChangeWhen.Immediate }).Change(now, new Reactivate());
            }

            life.Net.ShouldBe(price, $"seed {seed}");
        }
    }

    private static void Step(Random random, PaperSubscription life, SecondMeter meter, BillingTiming timing, Instant now)
    {
        if (meter is { Running: false, Paused: false })
        {
            life.Change(now, new Reactivate());
            meter.Running = true;
        }
        else if (meter.Paused)
        {
            life.Change(now, new Resume());
            (meter.Paused, meter.Running) = (false, true);
        }
        else
        {
            Step(random.Next(4), random, life, meter, timing, now);
        }
    }

    private static void Step(int what, Random random, PaperSubscription life, SecondMeter meter, BillingTiming timing, Instant now)
    {
        switch (what)
        {
            case 0:
                meter.Seats = random.Next(0, 9);
                life.Change(now, new ChangeQuantities(ImmutableSortedDictionary<string, decimal>.Empty.Add("seats", meter.Seats)));
                break;
            case 1:
                meter.Fee = random.Next(1, 5_000) / 100m;
                life.Change(now, new ChangePlan("next"), PlanOf(meter.Fee, meter.Seats, timing));
                break;
            case 2:
                life.Change(now, new Pause());
                (meter.Paused, meter.Running) = (true, false);
                break;
            default:
                life.Change(now, new Cancel { When = ChangeWhen.Immediate });
                meter.Running = false;
                break;
        }
    }

    private static PlanVersion PlanOf(decimal fee, decimal seats, BillingTiming timing) =>
        Plan(Item("fee", new FlatPrice(fee), timing, Month), Item("seats", new PerUnitPrice(3.33m), timing, Month, quantity: seats));

    /// <summary>Adds up what each second costs: its share of the month that it lies in, counted from 09:30 of the 15th in Berlin.</summary>
    private sealed class SecondMeter(decimal fee, decimal seats)
    {
        private static readonly DateTimeZone Berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        private Instant _at = Start;

        public decimal Cost { get; private set; }

        public decimal Fee { get; set; } = fee;

        public decimal Seats { get; set; } = seats;

        public bool Running { get; set; } = true;

        public bool Paused { get; set; }

        public void RunTo(Instant to)
        {
            for (var month = 0; ; month++)
            {
                var (from, until) = (Boundary(month), Boundary(month + 1));
                if (from >= to)
                {
                    break;
                }

                var (start, end) = (Instant.Max(from, _at), Instant.Min(until, to));
                if (Running && start < end)
                {
                    Cost += (Fee + (Seats * 3.33m)) * (end - start).BclCompatibleTicks / (until - from).BclCompatibleTicks;
                }
            }

            _at = to;
        }

        private static Instant Boundary(int month) => Start.InZone(Berlin).LocalDateTime.PlusMonths(month).InZoneLeniently(Berlin).ToInstant();
    }
}
