using System.Text.Json;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A price that is in force without a break, by one schedule of periods; its quantity may change.</summary>
/// <param name="Price">The price, with the terms that count for the subscription.</param>
/// <param name="AddOn">The entry of the add-on that it belongs to; null for a price of the plan.</param>
/// <param name="Periods">Its periods; null where it is charged once.</param>
/// <param name="Parts">The stretches of one quantity, without gaps.</param>
internal sealed record PriceRun(Price Price, int? AddOn, SchedulePeriods? Periods, List<PricePart> Parts)
{
    // From UTC−12 to UTC+14.
    private const int MostBetweenZones = 26;

    /// <summary>What its periods follow from; null where it is charged once.</summary>
    public BillingSchedule? Schedule => Periods?.Schedule;

    public Instant From => Parts[0].From;

    /// <summary>The earliest instant that usage weighed by time is carried from, where it begins in mid-period: the start of the period that it cut short.</summary>
    public Instant CarriedFrom { get; init; } = Instant.MinValue;

    /// <summary>Since when its first quantity has been in force without a break: earlier than it begins where it goes on, at the instant at which it ended, with what was billed for it.</summary>
    public Instant Since { get; init; } = Parts[0].From;

    /// <summary>Up to when an earlier run of it in arrears paid, where that one was not prorated: what interrupts a period costs the whole of it, or of its minimum, and what begins in that costs nothing more than what is used.</summary>
    public Instant PaidUntil { get; init; } = Instant.MinValue;

    /// <summary>The end; <see cref="Instant.MaxValue"/> for none.</summary>
    public Instant To => Parts[^1].To;

    public bool IsAdvance => Price.Terms.Timing is BillingTiming.InAdvance || Schedule is null;

    /// <summary>The part that an instant lies in; null for none.</summary>
    public PricePart? PartAt(Instant at)
    {
        foreach (var part in Parts)
        {
            if (part.From <= at && at < part.To)
            {
                return part;
            }
        }

        return null;
    }

    public BillingPeriod PeriodAt(Instant at) => Periods!.At(at);

    /// <summary>The same after all runs that began before it: what they counted in the periods in which they ended goes on.</summary>
    public PriceRun After(IReadOnlyCollection<PriceRun> runs)
    {
        var before = Price.IsMetered ? runs.Where(run => run.From < From && run.Price.Metric == Price.Metric && run.Schedule is not null).ToList() : [];
        if (before.Count == 0)
        {
            return this;
        }

        var last = before.Max(run => Instant.Min(run.To, From));
        return this with { CarriedFrom = before.Where(run => run.To >= last).Min(run => run.CarriedInto(run.PeriodAt(last - Duration.Epsilon))) };
    }

    /// <summary>The end of the last period that it pays whole, or that was paid before it.</summary>
    public Instant PaysUntil => Price.Terms.Proration is Proration.None ? Instant.Max(PaidUntil, PeriodAt(To - Duration.Epsilon).End) : PaidUntil;

    /// <summary>By how much a period may begin or end otherwise in another zone; never so much that it would be another period.</summary>
    public static Duration ZoneShift(BillingPeriod period) => Duration.Min(Duration.FromHours(MostBetweenZones), (period.FullEnd - period.FullStart) / 2);

    /// <summary>Whether what pays up to an instant pays all of a period.</summary>
    public static bool IsPaid(BillingPeriod period, Instant until) => until > Instant.MinValue && period.End <= until + ZoneShift(period);

    /// <summary>Whether another price goes on with this one.</summary>
    public bool Continues(Price price, int? addOn, BillingSchedule? schedule, Instant from) =>
        To == from && AddOn == addOn && Price.Id == price.Id && Schedule == schedule && IsSame(Price.Terms, price.Terms);

    /// <summary>The same with what ended as it began, by the same terms and quantity, and was billed.</summary>
    public PriceRun GoingOn(IEnumerable<PriceRun> runs) =>
        runs.FirstOrDefault(run => run.Parts[^1].Quantity == Parts[0].Quantity && run.Continues(Price, AddOn, Schedule, From)) is { } before
            ? this with { Since = before.Parts.Count > 1 ? before.Parts[^1].From : before.Since } : this;

    /// <summary>The same run for one more stretch of time.</summary>
    public PriceRun GoOn(PricePart next)
    {
        if (Parts[^1].Quantity == next.Quantity)
        {
            Parts[^1] = Parts[^1] with { To = next.To, PaidTo = next.PaidTo };
        }
        else
        {
            Parts.Add(next);
        }

        return this;
    }

    /// <summary>The first instant after another at which something of it may be billed.</summary>
    public Instant NextBoundary(Instant after)
    {
        var edge = To > after ? To : Instant.MaxValue;
        foreach (var part in Parts)
        {
            edge = part.From > after ? Instant.Min(edge, part.From) : edge;
        }

        return Periods is null || after >= To || after < From ? edge : Instant.Min(edge, Periods.NextBoundary(after));
    }

    /// <summary>A charge for a part of one of its periods.</summary>
    public Charge Charge(decimal quantity, Instant start, Instant end, BillingPeriod period) =>
        new(PriceIn(period), quantity, new Interval(start, end), ProrationFactor.Of(Price.Terms.Proration, new Interval(start, end), new Interval(period.FullStart, period.FullEnd), Schedule!.Zone))
        {
            Full = new Interval(period.FullStart, period.FullEnd),
            CarriedFrom = Price.IsMetered && CarriedInto(period) is var carried && carried > period.FullStart ? carried : null,
        };

    /// <summary>Whether a line of a fixed price is what its terms come to for the line's time.</summary>
    public bool HasBilled(InvoiceLine line)
    {
        var (start, end) = (line.Period!.Value.Start, line.Period.Value.End);
        var charge = Charge(line.Quantity, start, end, PeriodAt(Instant.Max(start, Schedule!.Start))) with { Before = line.Before };

        // What costs cents may be the same amount for an hour more, but not the same part of its period.
        return charge.Factor == line.Factor && InvoiceCalculator.FixedAmount(charge, line.Amount.Currency) == line.Amount;
    }

    private Price PriceIn(BillingPeriod period) => Price.IsMetered && Price.Terms.MinimumAmount is not null && IsPaid(period, PaidUntil) ? Price with { Terms = Price.Terms with { MinimumAmount = null } } : Price;

    private Instant CarriedInto(BillingPeriod period) => period.FullStart < From ? Instant.Max(period.FullStart, CarriedFrom) : period.FullStart;

    private static bool IsSame(PriceTerms left, PriceTerms right) =>
        ReferenceEquals(left, right) || JsonSerializer.Serialize(left, BillingJson.Options) == JsonSerializer.Serialize(right, BillingJson.Options);
}

/// <summary>A stretch of time with one quantity.</summary>
/// <param name="From">When it begins.</param>
/// <param name="To">When it is over.</param>
/// <param name="Quantity">The quantity.</param>
/// <param name="PaidTo">How far a period that is paid in advance is paid: beyond the end where what ends it changes nothing before the next period.</param>
internal readonly record struct PricePart(Instant From, Instant To, decimal Quantity, Instant PaidTo);
