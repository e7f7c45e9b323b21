using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a subscription is charged, and when: follows from its timeline and its plans alone.</summary>
public sealed class ChargeSchedule
{
    private static readonly Duration ZoneShift = Duration.FromDays(2);
    private readonly Timeline _timeline;
    private readonly PlanVersions _plans;
    private readonly List<PriceRun> _runs;
    private readonly List<CommitmentRun> _commitments;

    private ChargeSchedule(Timeline timeline, PlanVersions plans)
    {
        (_timeline, _plans, _runs) = (timeline, plans, PriceRuns.Of(timeline, plans));
        _commitments = CommitmentRun.Of(timeline, plans, _runs);
    }

    /// <summary>The schedule that follows.</summary>
    public static ChargeSchedule Of(Timeline timeline, PlanVersions plans)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        ArgumentNullException.ThrowIfNull(plans);
        return new(timeline, plans);
    }

    /// <summary>The metrics whose usage is charged at any time.</summary>
    public IEnumerable<MetricId> Metrics => _runs.Select(run => run.Price.Metric).OfType<MetricId>().Distinct();

    internal IReadOnlyList<PriceRun> Runs => _runs;

    /// <summary>The first instant after another at which something may be billed; the first of all where <paramref name="after"/> is null; null where nothing is billed any more.</summary>
    public Instant? NextBoundary(Instant? after)
    {
        if (_runs.Count == 0)
        {
            return null;
        }

        var first = _runs.Min(run => run.From);
        if (after is not { } last)
        {
            return first;
        }

        var changes = Changes().Where(entry => entry.At > last && _runs.Exists(run => run.From <= entry.At && entry.At < run.To)).Select(entry => entry.At);
        var next = _runs.Select(run => run.NextBoundary(last)).Concat(_commitments.Select(run => run.NextBoundary(last))).Concat(changes).Append(Instant.MaxValue).Min();
        return next == Instant.MaxValue ? null : next;
    }

    /// <summary>The period that holds an instant, of the shortest interval that is charged then, cut at the end; null where nothing recurs then.</summary>
    public Interval? PeriodAt(Instant at)
    {
        BillingPeriod? found = null;
        foreach (var run in _runs)
        {
            if (run is { Schedule: not null, AddOn: null } && run.From <= at && at < run.To && run.PeriodAt(at) is var period && !(period.FullEnd - period.FullStart >= found?.FullEnd - found?.FullStart))
            {
                found = period;
            }
        }

        return found is { } shortest ? new Interval(shortest.Start, Instant.Min(shortest.End, _timeline.EndsAt ?? Instant.MaxValue)) : null;
    }

    /// <summary>The version of a plan that it has at an instant.</summary>
    public PlanVersion PlanAt(Instant at) => _plans[_timeline.StateAt(at).Plan];

    /// <summary>The start of the period that coupons count an invoice for: the latest that it charges for.</summary>
    /// <param name="starts">When the times begin that it charges for.</param>
    /// <param name="boundary">When it falls due, which counts where it charges for none.</param>
    public Instant CountsFor(IEnumerable<Instant> starts, Instant boundary) => starts.DefaultIfEmpty(boundary).Distinct().Select(start => PeriodAt(start)?.Start ?? start).Max();

    /// <summary>Whether that period began before the invoice falls due and goes on after it.</summary>
    /// <param name="start">The start of the period.</param>
    /// <param name="boundary">When the invoice falls due.</param>
    public bool IsWithin(Instant start, Instant boundary) => start < boundary && PeriodAt(start)?.End > boundary;

    /// <summary>The start of the period that coupons counted an invoice for; what is charged once is charged for the instant at which it fell due.</summary>
    public Instant CountsFor(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var starts = invoice.Lines.Where(line => line is { RefersBack: false, Kind: not (LineKind.Commitment or LineKind.OneOff) } && !IsLate(line, invoice)).Select(line => line.Period?.Start ?? invoice.CreatedAt).ToList();

        // Usage that early bills have no rest of was charged for its period without a line.
        return CountsFor(starts.Count == 0 && invoice.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated ? Arrears(invoice.CreatedAt).Select(charge => charge.Period.Start) : starts, invoice.CreatedAt);
    }

    private IEnumerable<Charge> Arrears(Instant boundary) => _runs.Where(run => !run.IsAdvance).SelectMany(run => ArrearCharges.Of(run, boundary));

    // What comes late to a period that nothing was billed for is on the invoice of a boundary beside what that charges.
    private static bool IsLate(InvoiceLine line, Invoice invoice) => line.Kind is LineKind.Adjustment && invoice.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated && line.Period?.End < invoice.CreatedAt;

    /// <summary>The prices that are charged at an instant, each with its quantity, its whole period and the part of it that has begun; in the order of the lines.</summary>
    public IReadOnlyList<Charge> InForceAt(Instant at) => [.. _runs.Select(run => (run, part: run.PartAt(at))).Where(item => item.part is not null && item.run.Schedule is not null)
        .Select(item =>
        {
            var period = item.run.PeriodAt(at);
            return item.run.Charge(item.part!.Value.Quantity, Instant.Max(period.Start, item.run.From), Instant.Min(period.End, item.run.To), period);
        })];

    /// <summary>Whether something that was recorded takes effect at a boundary, or is over then, so that what was billed in advance has to be looked at.</summary>
    /// <remarks>What was billed for a period of one zone may reach a little beyond the boundary of the next.</remarks>
    public bool IsChange(Instant boundary) => Changes().Any(entry => entry.At == boundary || entry.Until == boundary || (entry.Kind is TimelineKind.ZoneChanged && entry.At < boundary && boundary <= entry.At + ZoneShift));

    /// <summary>From when on what was billed in advance may reach beyond an instant, or have paid the period that holds it.</summary>
    public Instant AdvancedSince(Instant at) => _runs.Where(run => run is { IsAdvance: true, Schedule: not null } && run.From <= at).Select(run =>
    {
        // What is not prorated is charged once a period, which may have been before the price was had again.
        var period = run.PeriodAt(Instant.Min(at, run.To - Duration.Epsilon));
        return run.Price.Terms.Proration is Proration.None ? period.FullStart - PriceRun.ZoneShift(period) : Instant.Max(run.From, period.FullStart);
    }).Append(at).Min();

    /// <summary>Everything that falls due at a boundary, arrears before advance.</summary>
    /// <param name="boundary">An instant that <see cref="NextBoundary"/> gave.</param>
    /// <param name="advanced">What was billed in advance beyond it; needed where <see cref="IsChange"/> says so.</param>
    /// <param name="since">How many of the timeline's entries were looked at by earlier boundaries.</param>
    /// <param name="again">Whether one of those was this instant, so that what they charged is not charged again.</param>
    public DueAtBoundary At(Instant boundary, IReadOnlyList<AdvancedLine> advanced, int since = 0, bool again = false)
    {
        ArgumentNullException.ThrowIfNull(advanced);
        var known = _timeline.KnownAt(boundary);
        var schedule = ReferenceEquals(known, _timeline) ? this : new ChargeSchedule(known, _plans);
        var arrears = schedule.Arrears(boundary);
        if (!schedule.IsChange(boundary))
        {
            return schedule.Settling(new DueAtBoundary([.. arrears, .. schedule._runs.Select(run => AdvanceCharges.Of(run, boundary)).OfType<Charge>()], []), boundary);
        }

        var changes = schedule.Changes().Where(entry => entry.At == boundary).ToList();
        var policy = (changes.FindLast(entry => entry.Number >= since) ?? changes.LastOrDefault())?.Proration ?? ChangeProration.Prorate;
        IReadOnlyList<PriceRun> earlier = again ? new ChargeSchedule((_timeline with { Entries = [.. _timeline.Entries.Take(since)] }).KnownAt(boundary), _plans)._runs : [];
        var (charges, unused) = new AdvanceChange(schedule._runs, earlier, boundary, policy).Of(advanced);
        return schedule.Settling(new DueAtBoundary(again ? Unbilled([.. arrears, .. charges], boundary, earlier) : [.. arrears, .. charges], unused), boundary);
    }

    /// <summary>What of the charges up to a boundary is not billed yet, where something was recorded after that was and takes effect at it; none where <paramref name="boundary"/> is null.</summary>
    /// <param name="boundary">The instant that was billed.</param>
    /// <param name="since">How many of the timeline's entries were looked at as it was.</param>
    public IReadOnlyCollection<Charge> DueAgain(Instant? boundary, int since) => boundary is { } at ? At(at, [], since, again: true).Charges : [];

    /// <summary>The usage that was charged from a boundary on as that was billed, and is not any more because of what was recorded since: each price for no time.</summary>
    /// <param name="boundary">The instant that was billed.</param>
    /// <param name="since">How many of the timeline's entries were looked at as it was.</param>
    public IReadOnlyList<Charge> Dropped(Instant boundary, int since)
    {
        var kept = MeteredFrom(boundary).Select(charge => charge.Price.Id).ToHashSet();
        var before = new ChargeSchedule(_timeline with { Entries = [.. _timeline.Entries.Take(since)] }, _plans);
        return [.. before.MeteredFrom(boundary).Where(charge => !kept.Contains(charge.Price.Id))];
    }

    private IEnumerable<Charge> MeteredFrom(Instant boundary) => _runs.Where(run => run is { IsAdvance: false, Price.IsMetered: true } && run.PartAt(boundary) is not null && (run.From == boundary || run.Periods!.IsBoundary(boundary)))
        .Select(run => run.Charge(run.PartAt(boundary)!.Value.Quantity, boundary, boundary, run.PeriodAt(boundary)));

    // What is paid in advance is told by the bills; what is charged in arrears, or once, by what was known as the instant was billed.
    private static List<Charge> Unbilled(IReadOnlyList<Charge> charges, Instant boundary, IReadOnlyList<PriceRun> earlier)
    {
        var billed = earlier.SelectMany(run => run is { IsAdvance: false } ? ArrearCharges.Of(run, boundary) : run.Schedule is null && AdvanceCharges.Of(run, boundary) is { } once ? [once] : [])
            .Select(charge => (charge.Price.Id, charge.Period)).ToList();
        return [.. charges.Where(charge => (charge.Price.Terms is { Timing: BillingTiming.InAdvance, Interval: not null }) || !billed.Remove((charge.Price.Id, charge.Period)))];
    }

    /// <summary>The intervals of commitments that hold one of several instants and were settled, and those after a pause that draw on what is left of the same fees.</summary>
    public IReadOnlyList<CommitmentPeriod> CommitmentsHolding(IEnumerable<Instant> instants, Instant until)
    {
        var holding = instants.SelectMany(at => _commitments.Select(run => run.Holding(at, until))).OfType<CommitmentPeriod>().DistinctBy(item => item.Period).ToList();
        return [.. holding.Concat(holding.SelectMany(item => _commitments.Select(run => run.GoingOn(item, until)).OfType<CommitmentPeriod>())).DistinctBy(item => item.Period).OrderBy(item => item.Period.Start)];
    }

    // A fee of which a pause gives nothing back pays on, and draws as it was billed. What is billed now may draw on an interval that was settled: usage of a period that began in it, and a period that is charged anew from its start.
    private DueAtBoundary Settling(DueAtBoundary due, Instant boundary) => _commitments.Count == 0 ? due : Settling(due, boundary, _timeline.StateAt(boundary).IsPaused);

    private DueAtBoundary Settling(DueAtBoundary due, Instant boundary, bool isPaused) => due with
    {
        Unused = [.. due.Unused.Select(item => item with { IsCommitted = !item.IsTold && !isPaused && _commitments.Exists(run => run.Holds(item.Advanced.Line.Period!.Value.Start)) })],
        Commitments = [.. CommitmentsHolding(due.Charges.Select(charge => charge.Period.Start).Concat(due.Unused.Select(item => item.Period.Start)), boundary)
            .Concat(_commitments.Select(run => run.EndingAt(boundary)).OfType<CommitmentPeriod>()).DistinctBy(item => item.Period).OrderBy(item => item.Period.Start)],
    };

    /// <summary>The part of a line billed in advance that was had, by the changes up to an instant, where nothing of it could be given back.</summary>
    public ProrationFactor KeptOf(InvoiceLine line, Instant until)
    {
        ArgumentNullException.ThrowIfNull(line);
        return KeptTime.Of(line, _runs, [.. Changes()], until, at => _timeline.StateAt(at).IsPaused);
    }

    private IEnumerable<TimelineEntry> Changes() => _timeline.InEffect.Where(entry => entry.IsBilled);
}

/// <summary>What falls due at one boundary.</summary>
/// <param name="Charges">What is charged.</param>
/// <param name="Unused">What is given back of what was billed in advance.</param>
public sealed record DueAtBoundary(IReadOnlyList<Charge> Charges, IReadOnlyList<UnusedTime> Unused)
{
    /// <summary>The intervals of commitments that end there, and those that ended before and that this draws on.</summary>
    public IReadOnlyList<CommitmentPeriod> Commitments { get; init; } = [];
}
