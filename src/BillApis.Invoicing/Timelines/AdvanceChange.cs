using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Compares what was billed in advance with what is in force after a change: gives back what is not any more, and charges what is not paid yet.</summary>
internal sealed class AdvanceChange(IReadOnlyList<PriceRun> runs, Instant at, ChangeProration policy)
{
    public (List<Charge> Charges, List<UnusedTime> Unused) Of(IReadOnlyList<AdvancedLine> advanced)
    {
        var (charges, open, returned) = (new List<Charge>(), advanced.Where(line => line.Until > at).ToList(), advanced.Where(line => line.Until == at).ToList());
        foreach (var run in runs.Where(run => run.IsAdvance))
        {
            if (run.PartAt(at) is { } part && Charged(run, part, open, returned) is { } charge)
            {
                charges.Add(charge);
            }
        }

        return (charges, [.. open.Select(GivenBack).OfType<UnusedTime>()]);
    }

    private Charge? Charged(PriceRun run, PricePart part, List<AdvancedLine> open, List<AdvancedLine> returned)
    {
        if (run.Schedule is null)
        {
            return at == run.From ? AdvanceCharges.From(run, part, at) : null;
        }

        if (open.Find(line => Pays(line, run, part)) is { } paid)
        {
            open.RemoveAll(line => ReferenceEquals(line, paid) || (line.Line.Kind is LineKind.Minimum or LineKind.Maximum && line.Line.Price == paid.Line.Price && line.Line.Period == paid.Line.Period));
            return paid.Until < Instant.Min(run.PeriodAt(at).End, part.To) ? AdvanceCharges.From(run, part, paid.Until) : null;
        }

        // What was given back at this very instant, and goes on after all, is charged again.
        return run.Schedule.IsBoundary(at) || (part.From < at && returned.Exists(line => Pays(line, run, part))) ? AdvanceCharges.From(run, part, at)
            : part.From != at || policy is ChangeProration.None ? null
            : policy is ChangeProration.Full ? AdvanceCharges.Whole(run, part, at)
            : AdvanceCharges.From(run, part, at);
    }

    // A price that is not prorated was billed for its period, whatever its quantity becomes.
    private static bool Pays(AdvancedLine line, PriceRun run, PricePart part)
    {
        if (line.Line.Price != run.Price.Id || line.Line.Kind is LineKind.Minimum or LineKind.Maximum)
        {
            return false;
        }

        if (run.Price.Terms.Proration is Proration.None)
        {
            return true;
        }

        var period = run.PeriodAt(line.Line.Period!.Value.Start < run.Schedule!.Start ? run.Schedule.Start : line.Line.Period.Value.Start);
        var again = InvoiceCalculator.FixedAmount(run.Charge(part.Quantity, line.Line.Period.Value.Start, line.Line.Period.Value.End, period), line.Line.Amount.Currency);
        return line.Line.Quantity == part.Quantity && again == line.Line.Amount;
    }

    private UnusedTime? GivenBack(AdvancedLine advanced)
    {
        var (line, period) = (advanced.Line, advanced.Line.Period!.Value);
        if (policy is ChangeProration.None)
        {
            return null;
        }

        // What was billed at this very instant was not used at all.
        var ended = runs.FirstOrDefault(run => run.Price.Id == line.Price && run.Parts.Exists(part => part.To == at));
        if (period.Start == at || (policy is ChangeProration.Full && ended is not null))
        {
            return new UnusedTime(advanced, period, line.Factor, line.Amount.Amount);
        }

        if (ended is null || ended.Price.Terms.Proration is Proration.None)
        {
            return null;
        }

        var (rest, whole) = (new Interval(at, advanced.Until), ended.PeriodAt(at - Duration.Epsilon));
        var charge = ended.Charge(line.Quantity, rest.Start, rest.End, whole);
        return new UnusedTime(advanced, rest, charge.Factor, line.Kind is LineKind.Minimum or LineKind.Maximum
            ? ProrationFactor.Of(ended.Price.Terms.Proration, rest, period, ended.Schedule!.Zone).Apply(line.Amount.Amount)
            : InvoiceCalculator.FixedPrice(charge));
    }
}
