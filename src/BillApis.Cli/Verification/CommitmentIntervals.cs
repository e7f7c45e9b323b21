using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>The intervals of a subscription's commitments, as they follow from what is known of its timeline.</summary>
internal sealed class CommitmentIntervals
{
    private readonly List<Run> _runs = [];

    public CommitmentIntervals(ExportedSubscription subscription, Timeline timeline)
    {
        var isOpen = false;
        for (Instant? from = timeline.BillingStartAt; from is { } at; from = timeline.ChangesAfter(at))
        {
            // What stood for an instant only, after that had been billed, ends what it does not go on with.
            var changed = timeline.InEffect.Where(entry => entry.At == at && entry.IsNews).Select(entry => (timeline with { Entries = [.. timeline.Entries.Where(other => other.At != at || other.Number < entry.Number)] }).StateAt(at));
            foreach (var (state, to) in changed.Select(state => (state, at)).Append((timeline.StateAt(at), timeline.ChangesAfter(at) ?? Instant.MaxValue)))
            {
                isOpen = Add(state.IsCharged ? timeline.Commitment ?? CommitmentOf(subscription, state.Plan) : null, state, at, to, isOpen);
            }
        }
    }

    /// <summary>The interval that holds an instant; null for none.</summary>
    public CommittedInterval? Holding(Instant at)
    {
        if (_runs.Find(run => run.From <= at && at < run.To) is not { } run)
        {
            return null;
        }

        var whole = run.Schedule.PeriodAt(run.Schedule.IndexAt(at));
        var full = new Interval(whole.FullStart, whole.FullEnd);

        // What is owed whole is owed once, however often it is interrupted.
        List<Interval> times = run.Commitment.Proration is Proration.None
            ? [.. _runs.Where(other => (other.Commitment, other.Schedule) == (run.Commitment, run.Schedule) && other.From < whole.End && other.To > whole.Start).Select(other => other.CutAt(whole))]
            : [run.CutAt(whole)];
        var part = run.Commitment.Proration is Proration.None || times[0] == full ? Rational.Of(1, 0) : PeriodVerification.PartOf(times[0], full, run.Commitment.Proration, run.Schedule.Zone);
        return new CommittedInterval((part * Rational.Of(run.Commitment.Amount.MinorUnits, 0)).Round(0), part, times, run.CutAt(whole).End, whole.Start);
    }

    private bool Add(MinimumCommitment? commitment, TimelineState state, Instant from, Instant to, bool isOpen)
    {
        if (commitment is null)
        {
            return false;
        }

        var run = new Run(commitment, new BillingSchedule(state.Zone, state.Origin, state.Anchor, commitment.Interval), from, to);
        if (isOpen && (_runs[^1].Commitment, _runs[^1].Schedule, _runs[^1].To) == (run.Commitment, run.Schedule, from))
        {
            _runs[^1] = _runs[^1] with { To = to };
            return true;
        }

        _runs.AddRange(from < to ? [run] : []);
        return from < to;
    }

    private static MinimumCommitment? CommitmentOf(ExportedSubscription subscription, PlanRef? plan) =>
        subscription.Commitments!.Value.FirstOrDefault(item => (item.Plan, item.Version) == (plan is { } later ? (later.Plan, later.Version) : (subscription.Plan, subscription.PlanVersion)))?.Commitment;

    private sealed record Run(MinimumCommitment Commitment, BillingSchedule Schedule, Instant From, Instant To)
    {
        public Interval CutAt(BillingPeriod whole) => new(Instant.Max(whole.Start, From), Instant.Min(whole.End, To));
    }
}

/// <summary>An interval of a commitment.</summary>
/// <param name="Committed">What it comes to at the least, in minor units.</param>
/// <param name="Part">The part of a whole interval that it is.</param>
/// <param name="Times">When it is in force; several where it is interrupted and owed whole all the same.</param>
/// <param name="End">When the time ends that was asked for.</param>
/// <param name="Since">When the whole interval begins that it is cut from.</param>
internal sealed record CommittedInterval(System.Numerics.BigInteger Committed, Rational Part, IReadOnlyList<Interval> Times, Instant End, Instant Since)
{
    /// <summary>The time that its lines name.</summary>
    public Interval Period => Times[0];

    /// <summary>Whether a line was billed in advance before it begins in mid-interval, and may pay for what begins with it.</summary>
    public bool MayKeep(InvoiceLine line) => line is { InAdvance: true, RefersBack: false, Period: { } period } && period.Start >= Since && period.Start < Period.Start && Period.Start < period.End;

    /// <summary>Whether a line draws on it: one whose period begins in it, and what is given back of such a line until it is over.</summary>
    public bool Counts(InvoiceLine line) => line.Kind is not (LineKind.Commitment or LineKind.OneOff) && line.Period is { } period
        && Times.Any(time => time.Contains((line.GivesBack is null ? period : line.Full ?? period).Start)) && (line.GivesBack is null || period.Start <= Times[^1].End);
}
