using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Compares what was billed in advance with what is in force after a change: gives back what is not any more, and charges what is not paid yet.</summary>
/// <param name="runs">The prices that are known now.</param>
/// <param name="earlier">Those that were, where the instant was billed before; else none.</param>
/// <param name="at">The instant of the change.</param>
/// <param name="policy">What becomes of the period that runs.</param>
internal sealed class AdvanceChange(IReadOnlyList<PriceRun> runs, IReadOnlyList<PriceRun> earlier, Instant at, ChangeProration policy)
{
    public (List<Charge> Charges, List<UnusedTime> Unused) Of(IReadOnlyList<AdvancedLine> advanced)
    {
        var (charges, standing) = (new List<Charge>(), advanced.ToLookup(line => line.Line.Period!.Value.End > at));
        var (open, returned, ended) = (standing[true].Where(line => line.Until > at && !line.IsReturned).ToList(), standing[true].Where(line => line.Until == at || line.IsReturned).ToList(), standing[false].ToList());
        var settles = TouchesPlan(open);
        foreach (var run in runs.Where(run => run.IsAdvance))
        {
            if (run.PartAt(at) is { } part && Charged(run, part, settles && run.AddOn is null, open, returned, ended) is { } charge)
            {
                charges.Add(charge);
            }
        }

        return (charges, [.. open.Select(line => GivenBack(line, Bounded(advanced, line), settles)).Concat(ended.Where(IsCut).Select(Whole)).OfType<UnusedTime>()]);
    }

    // A change that was known as its period began has cut the line that it gives back as a whole; an add-on of the same price may have a period of its own that is over by then.
    private bool IsCut(AdvancedLine line) => policy is ChangeProration.Full && line.Line.Period!.Value.End == at
        && runs.Any(run => run.Price.Id == line.Line.Price && run.Schedule is not null && run.Parts.Exists(part => part.To == at) && run.PeriodAt(at - Duration.Epsilon) is var period && period.End > at && line.Line.Period!.Value.Start >= period.FullStart - PriceRun.ZoneShift(period));

    // Whether the plan begins, ends or is changed here, or a price of it that nothing was billed for since an earlier change without proration: then that change is settled too, from here on.
    private bool TouchesPlan(List<AdvancedLine> open) => runs.Any(run => run is { AddOn: null, Schedule: not null } && (run.From == at || run.To == at
        || (run.IsAdvance && run.Price.Terms.Proration is not Proration.None && run.Parts.Exists(part => part.From == at) && !open.Exists(line => line.Line.Price == run.Price.Id))));

    private Charge? Charged(PriceRun run, PricePart part, bool settles, List<AdvancedLine> open, List<AdvancedLine> returned, List<AdvancedLine> ended)
    {
        if (run.Schedule is null)
        {
            return at == run.From ? AdvanceCharges.From(run, part, at) : null;
        }

        if (open.Find(line => Pays(line, run, part)) is { } paid)
        {
            for (var next = paid; next is not null; next = open.Find(line => line.Line.Period!.Value.Start == paid.Until && Pays(line, run, part)))
            {
                paid = next;
                Settle(open, paid);
            }

            return run.Price.Terms.Proration is not Proration.None && paid.Until < Instant.Min(run.PeriodAt(at).End, part.To) ? From(run, part, paid.Until, [paid]) : null;
        }

        // A change that was known as the period began has cut the line that paid all of it.
        if (ended.Find(line => IsWhole(line.Line, run) && Pays(line, run, part) && line.Line.Period!.Value.Start >= run.PeriodAt(at).FullStart) is { } whole)
        {
            Settle(ended, whole);
            return null;
        }

        // What was given back at this very instant, and goes on after all, is charged again.
        return run.Schedule.IsBoundary(at) || returned.Exists(line => Pays(line, run, part)) ? AdvanceCharges.From(run, part, at)
            : policy is ChangeProration.None || (part.From != at && (!settles || run.Price.Terms.Proration is Proration.None)) ? null
            : policy is ChangeProration.Full ? AdvanceCharges.Whole(run, part, at)
            : From(run, part, at, ended);
    }

    // A line goes with the minimum or maximum that follows it; the same price may have been bought twice, each with its own.
    private static void Settle(List<AdvancedLine> lines, AdvancedLine paid)
    {
        var place = lines.IndexOf(paid);
        var bounded = lines.Count > place + 1 && lines[place + 1].Line is { Kind: LineKind.Minimum or LineKind.Maximum } bound && (bound.Price, bound.Period) == (paid.Line.Price, paid.Line.Period);
        lines.RemoveRange(place, bounded ? 2 : 1);
    }

    // A price that is not prorated was billed for its period, whatever its quantity becomes; a period that is counted anew is another.
    private bool Pays(AdvancedLine line, PriceRun run, PricePart part)
    {
        if (line.Line.Price != run.Price.Id || line.Line.Kind is LineKind.Minimum or LineKind.Maximum)
        {
            return false;
        }

        if (IsWhole(line.Line, run))
        {
            var period = run.PeriodAt(at);
            return line.Line.Period!.Value.Start >= period.FullStart - PriceRun.ZoneShift(period) || PriceRun.IsPaid(period, line.Until);
        }

        return line.Line.Quantity == part.Quantity && run.HasBilled(line.Line);
    }

    // What goes on with a line that paid for a part of the same period, and pays for all of that still, costs the rest of what both come to together.
    private Charge From(PriceRun run, PricePart part, Instant start, IEnumerable<AdvancedLine> paid)
    {
        var charge = AdvanceCharges.From(run, part, start);
        return charge.IsPart && paid.FirstOrDefault(line => line.IsKept && line.Line.Period!.Value is var period && period.End == start && period.Start >= charge.Full.Start && Pays(line, run, part)) is { Line: var before }
            && ((before.Before + before.Factor) ?? before.Factor) is var billed && IsWithin(billed, run.Charge(part.Quantity, charge.Full.Start, start, run.PeriodAt(start)).Factor)
            ? charge with { Before = billed } : charge;
    }

    // Where periods moved, a line may have gone on with one of a period before.
    private static bool IsWithin(ProrationFactor part, ProrationFactor whole) => (Int128)part.Numerator * whole.Denominator <= (Int128)whole.Numerator * part.Denominator;

    // Whether it pays all of its period: it is not prorated, or was not as it was billed.
    private bool IsWhole(InvoiceLine line, PriceRun run) => run.Price.Terms.Proration is Proration.None || (policy is not ChangeProration.Full && BilledBy(line)?.Price.Terms.Proration is Proration.None);

    // The run that a line was billed by: one whose time it begins in, rather than another of the same amount.
    private PriceRun? BilledBy(InvoiceLine line) => runs.Where(run => run.From < at).Concat(earlier).Where(run => run.Price.Id == line.Price && run.Schedule is not null)
        .OrderByDescending(run => run.PartAt(line.Period!.Value.Start) is not null).FirstOrDefault(run => run.HasBilled(line));

    // A minimum or maximum was billed by what it follows.
    private static InvoiceLine Bounded(IReadOnlyList<AdvancedLine> advanced, AdvancedLine line) => line.Line.Kind is LineKind.Minimum or LineKind.Maximum
        ? advanced.TakeWhile(other => other != line).LastOrDefault(other => BoundedLines.IsOf(other.Line, line.Line))?.Line ?? line.Line : line.Line;

    private UnusedTime? GivenBack(AdvancedLine advanced, InvoiceLine bounded, bool settles)
    {
        var (line, period) = (advanced.Line, advanced.Line.Period!.Value);
        if (policy is ChangeProration.None)
        {
            return null;
        }

        // What was billed at this very instant was not used at all.
        var mine = runs.Where(run => run.Price.Id == line.Price && run.Schedule is not null).ToList();
        var ended = mine.Find(run => run.Parts.Exists(part => part.To == at)) ?? (settles ? mine.Find(run => run.AddOn is null && run.Parts.Exists(part => part.To < at)) : null);
        var isTold = advanced.WaivedFrom is { } from && !mine.Exists(run => run.Parts.Exists(part => part.To == at && part.From > from));
        if (period.Start == at || (policy is ChangeProration.Full && ended is not null))
        {
            return Whole(advanced) with { IsTold = isTold };
        }

        // Of a price whose terms changed, those count that the line was billed by.
        var billed = ended is null ? null : BilledBy(bounded) ?? ended;
        if (billed is null || billed.Price.Terms.Proration is Proration.None)
        {
            return null;
        }

        var rest = new Interval(Instant.Max(at, period.Start), advanced.Until);
        var whole = billed.PeriodAt(Instant.Max(at - Duration.Epsilon, billed.Schedule!.Start));
        var charge = billed.Charge(line.Quantity, rest.Start, rest.End, whole);

        // Of a bound, and of a line that paid for no more than that, what it charged.
        var unused = line.Kind is LineKind.Minimum or LineKind.Maximum || charge.Factor == line.Factor
            ? new UnusedTime(advanced, rest, charge.Factor, line.Amount.Amount, ProrationFactor.Of(billed.Price.Terms.Proration, rest, period, billed.Schedule.Zone))
            : new UnusedTime(advanced, rest, charge.Factor, InvoiceCalculator.WholePrice(charge), charge.Factor);
        return unused with { IsTold = isTold };
    }

    private static UnusedTime Whole(AdvancedLine advanced) => new(advanced, advanced.Line.Period!.Value, advanced.Line.Factor, advanced.Line.Amount.Amount, ProrationFactor.Whole);
}
