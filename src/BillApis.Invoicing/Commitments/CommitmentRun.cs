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
    public static List<CommitmentRun> Of(Timeline timeline, PlanVersions plans)
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

            var run = new CommitmentRun(commitment, new BillingSchedule(state.Zone, state.Origin, state.Anchor, commitment.Interval), from, to);
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

    /// <summary>The interval that holds an instant; null for none.</summary>
    public CommitmentPeriod? Holding(Instant at) => at >= From && at < To ? PeriodOf(at) : null;

    private CommitmentPeriod PeriodOf(Instant at)
    {
        var whole = Schedule.PeriodAt(Schedule.IndexAt(at));
        var period = new Interval(Instant.Max(whole.Start, From), Instant.Min(whole.End, To));
        var factor = ProrationFactor.Of(Commitment.Proration, period, new Interval(whole.FullStart, whole.FullEnd), Schedule.Zone);
        return new CommitmentPeriod(Money.Round(factor.Apply(Commitment.Amount.Amount), Commitment.Amount.Currency), period, factor);
    }
}
