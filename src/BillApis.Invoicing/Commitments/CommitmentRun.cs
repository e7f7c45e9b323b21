using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>A commitment that is in force without a break, by one schedule of intervals.</summary>
/// <param name="Commitment">The commitment.</param>
/// <param name="Schedule">Its intervals.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends; <see cref="Instant.MaxValue"/> for never.</param>
internal sealed record CommitmentRun(MinimumCommitment Commitment, BillingSchedule Schedule, Instant From, Instant To)
{
    private IReadOnlyList<CommitmentRun> _all = [];
    private IReadOnlyList<PriceRun> _prices = [];

    public static List<CommitmentRun> Of(Timeline timeline, PlanVersions plans, IReadOnlyList<PriceRun> prices)
    {
        if (timeline.Commitment is null && plans.First.Commitment is null && plans.Later.Values.All(plan => plan.Commitment is null))
        {
            return [];
        }

        var (runs, isOpen) = (new List<CommitmentRun>(), false);
        foreach (var (state, from, to) in PriceRuns.Stretches(timeline))
        {
            if (!state.IsCharged || (timeline.Commitment ?? plans[state.Plan].Commitment) is not { } commitment)
            {
                isOpen = false;
                continue;
            }

            var run = new CommitmentRun(commitment, new BillingSchedule(state.Zone, state.Origin, state.Anchor, commitment.Interval), from, to) { _all = runs, _prices = prices };
            isOpen = isOpen && runs[^1] is var last && last.To == from && last.Commitment == commitment && last.Schedule == run.Schedule;
            if (isOpen)
            {
                runs[^1] = runs[^1] with { To = to };
            }
            else if (from < to)
            {
                runs.Add(run);
                isOpen = true;
            }
        }

        return runs;
    }

    /// <summary>The first instant after another at which an interval of it ends.</summary>
    public Instant NextBoundary(Instant after) => after >= To ? Instant.MaxValue : Instant.Min(To, Schedule.NextBoundary(Instant.Max(after, From)));

    /// <summary>The interval that ends at a boundary; null for none.</summary>
    public CommitmentPeriod? EndingAt(Instant boundary) =>
        boundary > From && boundary <= To && (boundary == To || Schedule.IsBoundary(boundary)) ? PeriodOf(boundary - Duration.Epsilon) : null;

    /// <summary>The interval that holds an instant and was settled up to another; null for none.</summary>
    public CommitmentPeriod? Holding(Instant at, Instant until) => Holds(at) && CutAt(WholeOf(at)).End <= until ? PeriodOf(at) : null;

    /// <summary>Whether it is in force at an instant.</summary>
    public bool Holds(Instant at) => at >= From && at < To;

    /// <summary>The interval that it begins with in mid-interval, where that was settled up to an instant and what was billed from another on may draw on it; null for none.</summary>
    public CommitmentPeriod? GoingOn(CommitmentPeriod after, Instant until) => From > after.Period.Start && Holding(From, until) is { Begun.IsEmpty: false } own && own.Since <= after.Period.Start ? own : null;

    private CommitmentPeriod PeriodOf(Instant at)
    {
        var (period, whole) = (BareOf(at), WholeOf(at));
        var begun = period.Times.SelectMany(time => BegunIn(time).Where(price => price.At > whole.Start)).ToImmutableArray();
        return begun.All(price => price.At > period.Period.Start) ? period with { Begun = begun } : period with
        {
            Since = whole.Start, Begun = begun, Before = [.. _all.Where(run => Commitment.Proration is not Proration.None || !IsAlike(run)).SelectMany(run => run.Between(whole.Start, period.Period.Start)).DistinctBy(item => item.Period).OrderBy(item => item.Period.Start)],
        };
    }

    // With the time itself begin those that were not in force before it.
    private IEnumerable<BegunPrice> BegunIn(Interval time) => _prices.Where(run => run is { IsAdvance: true, Schedule: not null })
        .SelectMany(run => run.Parts.Where(part => part.From < time.End && (part.From > time.Start || (part.From == time.Start && run.From == time.Start))), (run, part) => new BegunPrice(run.Price.Id, part.From));

    private IEnumerable<CommitmentPeriod> Between(Instant from, Instant to)
    {
        for (var at = Instant.Max(From, from); at < Instant.Min(To, to); at = CutAt(WholeOf(at)).End)
        {
            yield return BareOf(at);
        }
    }

    private CommitmentPeriod BareOf(Instant at)
    {
        var (whole, times) = (WholeOf(at), TimesIn(WholeOf(at)));
        var factor = ProrationFactor.Of(Commitment.Proration, times[0], new Interval(whole.FullStart, whole.FullEnd), Schedule.Zone);
        return new CommitmentPeriod(Money.Round(factor.Apply(Commitment.Amount.Amount), Commitment.Amount.Currency), times[0], factor) { Later = [.. times.Skip(1)] };
    }

    // What is owed whole is owed once, however often it is interrupted.
    private List<Interval> TimesIn(BillingPeriod whole) => Commitment.Proration is not Proration.None
        ? [CutAt(whole)]
        : [.. _all.Where(run => run.From < whole.End && run.To > whole.Start && IsAlike(run)).Select(run => run.CutAt(whole))];

    private bool IsAlike(CommitmentRun other) => other.Commitment == Commitment && other.Schedule == Schedule;

    private BillingPeriod WholeOf(Instant at) => Schedule.PeriodAt(Schedule.IndexAt(at));

    private Interval CutAt(BillingPeriod whole) => new(Instant.Max(whole.Start, From), Instant.Min(whole.End, To));
}
