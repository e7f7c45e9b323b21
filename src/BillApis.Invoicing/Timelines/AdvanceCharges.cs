using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a price in advance is charged at a boundary: the period, or the part of one, that begins there.</summary>
internal static class AdvanceCharges
{
    public static Charge? Of(PriceRun run, Instant boundary) =>
        run.IsAdvance && run.PartAt(boundary) is { } part && (boundary == run.From || run.Periods?.IsBoundary(boundary) == true) ? From(run, part, boundary) : null;

    /// <summary>The charge from an instant to the end of its period, of its quantity or of the price.</summary>
    public static Charge From(PriceRun run, PricePart part, Instant start)
    {
        if (run.Schedule is null)
        {
            return new Charge(run.Price, part.Quantity, new Interval(start, start), ProrationFactor.Whole);
        }

        var period = run.PeriodAt(start);
        return run.Charge(part.Quantity, start, Instant.Min(period.End, run.Price.Terms.Proration is Proration.None ? part.To : part.PaidTo), period);
    }

    /// <summary>The same for the whole period, whatever is left of it.</summary>
    public static Charge Whole(PriceRun run, PricePart part, Instant at)
    {
        var period = run.PeriodAt(at);
        return run.Charge(part.Quantity, period.FullStart, period.FullEnd, period);
    }
}
