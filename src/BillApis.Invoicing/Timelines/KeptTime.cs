using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Tells which part of what was billed in advance was had, where nothing of it could be given back when it was taken away, because coupons or promotional credit had paid it.</summary>
internal static class KeptTime
{
    /// <summary>The part of a line's time before it was taken away for good; all of it where it was not, or is had again, or a pause or a change without proration leaves it as it is.</summary>
    /// <param name="line">The line.</param>
    /// <param name="runs">The prices that are known.</param>
    /// <param name="changes">What is recorded, in the order of taking effect.</param>
    /// <param name="until">Up to when changes count.</param>
    /// <param name="isPaused">Whether the subscription is paused at an instant.</param>
    public static ProrationFactor Of(InvoiceLine line, IReadOnlyList<PriceRun> runs, IReadOnlyList<TimelineEntry> changes, Instant until, Func<Instant, bool> isPaused)
    {
        var period = line.Period!.Value;
        var mine = runs.Where(run => run.IsAdvance && run.Price.Id == line.Price && run.Schedule is not null && run.From < period.End && run.To > period.Start && run.HasBilled(line)).ToList();
        var parts = mine.SelectMany(run => run.Parts.Where(part => part.Quantity == line.Quantity && part.From < period.End && part.To > period.Start)).OrderBy(part => part.From).ToList();

        // What was bought twice is not told apart.
        if (parts.Count == 0 || parts[0].From > period.Start || parts.Zip(parts.Skip(1)).Any(pair => pair.Second.From < pair.First.To) || parts[^1].To is var end && (end > until || end >= period.End || isPaused(end)))
        {
            return ProrationFactor.Whole;
        }

        return changes.LastOrDefault(entry => entry.At == end)?.Proration switch
        {
            ChangeProration.None => ProrationFactor.Whole,
            ChangeProration.Full => new ProrationFactor(0, 1),
            _ => ProrationFactor.Of(mine[^1].Price.Terms.Proration, new Interval(period.Start, end), period, mine[^1].Schedule!.Zone),
        };
    }
}
