using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes which whole period a line's period is cut from, and which part of it is charged.</summary>
internal sealed class PeriodVerification(InvoiceExport export, Findings findings)
{
    public void Verify(InvoiceLine line, PriceTerms terms, string path)
    {
        if (line.Period is not { } period || line.Kind is LineKind.UnusedTime)
        {
            return;
        }

        var (recorded, scheduled) = (line.Full ?? period, WholeOf(line, period, terms));
        VerifyEnds(line, period, terms, path);
        var isMetered = line.Kind is LineKind.Usage or LineKind.Adjustment && line.Metric is not null;
        if (isMetered && (recorded.Start > period.Start || recorded.End < period.End || (scheduled is { } whole && whole != recorded)))
        {
            findings.Add($"{path}.full", $"says that {period} is a part of {recorded}, but it is one of {scheduled ?? period}");
        }

        if (line.CarriedFrom is { } carried && (!isMetered || carried <= recorded.Start || carried > period.Start || scheduled is not null))
        {
            findings.Add($"{path}.carried_from", $"says that what lasts is carried from {carried}, which is no start of a period that {period} cut short");
        }

        // What was used is charged as it is; of everything else, the part of the period. An adjustment has that part for the bounds of its price.
        var part = line.Kind is LineKind.Usage || terms.Proration is Proration.None ? Rational.Of(1, 0)
            : (scheduled ?? (isMetered ? recorded : null)) is { } of ? PartOf(line, period, of, terms.Proration)
            : (Rational?)null;
        if (part is { } expected && Rational.Of(line.Factor) != expected)
        {
            findings.Add($"{path}.factor", $"the invoice says {line.Factor}, but the part of its period is {expected.Numerator}/{expected.Denominator}");
        }
    }

    /// <summary>The part of its whole period for which a metered line's minimum and maximum count.</summary>
    public Rational PartOfBounds(InvoiceLine line, PriceTerms terms) =>
        line.Period is not { } period || terms.Proration is Proration.None ? 1 : PartOf(line, period, WholeOf(line, period, terms) ?? line.Full ?? period, terms.Proration);

    // A period begins and ends where one of its price does, or where something that was recorded takes effect.
    private void VerifyEnds(InvoiceLine line, Interval period, PriceTerms terms, string path)
    {
        if (TimelineOf(line) is not { } timeline || terms.Interval is not { } interval || period.Start == period.End)
        {
            return;
        }

        var states = timeline.Entries.Select(entry => timeline.StateAt(entry.At)).Prepend(timeline.StateAt(Instant.MinValue)).ToList();
        var begun = states.Select(state => (state.Origin, state.Anchor)).Concat(timeline.Entries.Where(entry => entry.AddOn is not null).Select(entry => (Origin: Instant.Max(entry.At, timeline.BillingStartAt), Anchor: BillingAnchor.Subscription))).Distinct();
        var schedules = begun.SelectMany(from => states.Select(state => state.Zone).Distinct().Select(zone => new BillingSchedule(zone, from.Origin, from.Anchor, interval))).ToList();
        var turns = timeline.Entries.SelectMany(entry => new[] { entry.At, entry.Until }).Concat([timeline.StartAt, timeline.BillingStartAt, timeline.EndAt]).OfType<Instant>().ToHashSet();
        bool IsEnd(Instant at) => turns.Contains(at) || schedules.Exists(schedule => schedule.PeriodAt(0).FullStart == at || (at >= schedule.Start && schedule.IsBoundary(at)));
        if (!IsEnd(period.Start) || !IsEnd(period.End) || (timeline.Entries.IsEmpty && schedules[0].PeriodAt(schedules[0].IndexAt(Instant.Max(period.Start, schedules[0].Start))) is var own && period != new Interval(own.Start, Instant.Min(own.End, timeline.EndAt ?? Instant.MaxValue))))
        {
            findings.Add($"{path}.period", "is no period of the price");
        }
    }

    /// <summary>The timeline of the subscription that a line is billed for.</summary>
    public Timeline? TimelineOf(InvoiceLine line) => ExportedSubscriptions.Of(export, line)?.Timeline;

    /// <summary>What a metered line asks for.</summary>
    public UsageRequest RequestOf(InvoiceLine line, Metric metric, Invoice invoice)
    {
        var (period, timeline) = (line.Period!.Value, TimelineOf(line));
        return new(metric, invoice.Customer, period)
        {
            Subscription = line.Subscription ?? invoice.Subscription, Zone = timeline?.ZoneAt(period.Start) ?? export.Zone, Whole = line.Full,
            CarriedFrom = timeline?.CarriedFrom(line.CarriedFrom) ?? line.CarriedFrom,
        };
    }

    // Changes of plans and dates move the periods of prices; where there was none, they follow from the beginning alone.
    private Interval? WholeOf(InvoiceLine line, Interval period, PriceTerms terms)
    {
        if (TimelineOf(line) is not { Entries.IsEmpty: true } timeline || terms.Interval is not { } interval)
        {
            return null;
        }

        var schedule = new BillingSchedule(timeline.Zone, timeline.BillingStartAt, timeline.Anchor, interval);
        var whole = schedule.PeriodAt(schedule.IndexAt(Instant.Max(period.Start, timeline.BillingStartAt)));
        return new Interval(whole.FullStart, whole.FullEnd);
    }

    /// <summary>The part of a time that another is, by the days of the zone that an instant has; that of its start where none is named.</summary>
    public Rational PartOf(InvoiceLine line, Interval period, Interval whole, Proration proration, Instant? at = null) => PartOf(period, whole, proration, TimelineOf(line)?.ZoneAt(at ?? period.Start) ?? export.Zone);

    /// <summary>The part of a time that another is, by the days of a zone.</summary>
    public static Rational PartOf(Interval period, Interval whole, Proration proration, DateTimeZone zone)
    {
        return proration is Proration.ByDay && Days(whole) > 0 ? new Rational(Days(period), Days(whole)) : new Rational(period.Duration.BclCompatibleTicks, whole.Duration.BclCompatibleTicks);

        int Days(Interval interval) => Period.DaysBetween(interval.Start.InZone(zone).Date, interval.End.InZone(zone).Date);
    }
}
