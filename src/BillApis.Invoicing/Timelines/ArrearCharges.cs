using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a price in arrears is charged at a boundary: the period, or the part of one, that ends there.</summary>
internal static class ArrearCharges
{
    public static IEnumerable<Charge> Of(PriceRun run, Instant boundary)
    {
        if (boundary <= run.From || boundary > run.To || (boundary != run.To && !run.Periods!.IsBoundary(boundary)))
        {
            return [];
        }

        var period = run.PeriodAt(boundary - Duration.Epsilon);
        var start = Instant.Max(period.Start, run.From);
        if (!run.Price.IsMetered && PriceRun.IsPaid(period, run.PaidUntil))
        {
            return [];
        }

        // Usage is one quantity, and a price that is not prorated costs what it did as the period began.
        return run.Price.IsMetered || run.Price.Terms.Proration is Proration.None
            ? [run.Charge(Parts(run, start, boundary).First().Quantity, start, boundary, period)]
            : OfParts(run, start, boundary, period);
    }

    private static IEnumerable<Charge> OfParts(PriceRun run, Instant start, Instant boundary, BillingPeriod period) =>
        Parts(run, start, boundary).Select(part => run.Charge(part.Quantity, Instant.Max(part.From, start), Instant.Min(part.To, boundary), period))
            .Select(charge => charge.Period.Start == run.From ? GoingOn(run, charge, period) : charge);

    // What was billed as it ended, and went on at that instant after all.
    private static Charge GoingOn(PriceRun run, Charge charge, BillingPeriod period) => Instant.Max(run.Since, period.Start) is var since && since < run.From && charge.IsPart
        ? charge with { Before = run.Charge(charge.Quantity, since, run.From, period).Factor } : charge;

    private static IEnumerable<PricePart> Parts(PriceRun run, Instant start, Instant boundary) => run.Parts.Where(part => part.From < boundary && part.To > start);

    /// <summary>The charges of usage whose periods hold an instant from the first to the last, as far as they fell due.</summary>
    public static IEnumerable<Charge> Billed(PriceRun run, Instant first, Instant last, Instant until)
    {
        if (run.Schedule is null || last < run.From || first >= run.To)
        {
            yield break;
        }

        for (var index = run.Schedule.IndexAt(Instant.Max(first, run.From)); ; index++)
        {
            var period = run.Schedule.PeriodAt(index);
            var (start, end) = (Instant.Max(period.Start, run.From), Instant.Min(period.End, run.To));
            if (start > last || start >= run.To || (run.IsAdvance ? start : end) > until)
            {
                yield break;
            }

            yield return run.Charge(run.PartAt(start)!.Value.Quantity, start, end, period);
        }
    }
}
