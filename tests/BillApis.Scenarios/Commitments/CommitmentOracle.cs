namespace BillApis.Scenarios.Commitments;

/// <summary>An interval of a commitment: to how much it commits, and what was charged in it, in cents.</summary>
internal sealed record Committed(DateTime From, DateTime To, bool IsPart, long Amount, long Drawn)
{
    public long Missing => Math.Max(0, Amount - Drawn);
}

/// <summary>What a subscription owes by its facts, worked out as the documentation says and by no code of the engine: dates are the calendar's, amounts fractions of whole numbers.</summary>
internal sealed class CommitmentOracle
{
    private readonly Facts _facts;
    private readonly List<Line> _lines = [];
    private readonly HashSet<(SoldPrice Price, DateTime Start)> _asked = [];
    private readonly Dictionary<SoldPrice, DateTime> _paid = [];

    public CommitmentOracle(Facts facts)
    {
        _facts = facts;
        foreach (var run in Runs(DateTime.MaxValue))
        {
            Charge(run);
        }

        Intervals = [.. CommittedIntervals()];
    }

    /// <summary>The intervals of its commitments, each as far as it was charged in it.</summary>
    public IReadOnlyList<Committed> Intervals { get; }

    /// <summary>What it owes in all, in cents.</summary>
    public long Total => Charged - _lines.Sum(line => line.Back) + Intervals.Sum(interval => interval.Missing);

    /// <summary>Each charge in words.</summary>
    public IEnumerable<string> Told => _lines.Select(line => line.ToString());

    /// <summary>What it was charged for prices, before anything is given back.</summary>
    public long Charged => _lines.Sum(line => line.Cents);

    // Each price for as long as it is in force, split where its quantity changes; as far as was known at an instant.
    private List<Run> Runs(DateTime known)
    {
        var (runs, open, last) = (new List<Run>(), new List<Run>(), DateTime.MinValue);
        foreach (var state in States(known))
        {
            var next = new List<Run>();
            foreach (var price in state.Plan.Prices)
            {
                var part = new Part(state.From, state.To, state.Quantities.GetValueOrDefault(price.Code, price.Quantity));

                // What is paid in advance for a month of the calendar goes on, though other prices are counted anew.
                var run = last == state.From ? open.Find(item => item.Price == price && (item.Origin == state.Origin || (_facts.IsCalendar && price.InAdvance))) : null;
                if (run is null && price.Cycle.IsOnce && runs.Exists(item => item.Price == price))
                {
                    continue;
                }

                if (run is null)
                {
                    runs.Add(run = new Run(price, state.Origin, []));
                }

                run.Add(part);
                next.Add(run);
            }

            (open, last) = (next, state.To);
        }

        return runs;
    }

    // What is recorded at an instant comes after what is billed at it, but for what takes effect there and then.
    private List<State> States(DateTime known)
    {
        var (states, state) = (new List<State>(), new State(_facts.Start, DateTime.MaxValue, _facts.Plan, _facts.Start, []));
        var (isPaused, isOver) = (false, false);
        foreach (var happened in _facts.Happened.Where(item => item.Known < known || item.At <= known).OrderBy(item => item.At))
        {
            if (!isPaused && !isOver && state.From < happened.At)
            {
                states.Add(state with { To = happened.At });
            }

            (isPaused, isOver) = (happened.Turn is Turn.Pause || (isPaused && happened.Turn is not Turn.Resume), isOver || happened.Turn is Turn.End);
            state = state with { From = happened.At };
            if (happened.Turn is Turn.Plan)
            {
                // Plans that recur otherwise are counted from the day of the change.
                var isSame = Cycles(state.Plan).SetEquals(Cycles(happened.Plan!));
                state = state with { Plan = happened.Plan!, Origin = isSame ? state.Origin : happened.At };
            }
            else if (happened.Turn is Turn.Quantity)
            {
                state = state with { Quantities = new Dictionary<string, decimal>(state.Quantities) { [happened.Price] = happened.Quantity } };
            }
        }

        return isPaused || isOver ? states : [.. states, state];
    }

    private static HashSet<Cycle> Cycles(SoldPlan plan) => [.. plan.Prices.Select(price => price.Cycle).Where(cycle => !cycle.IsOnce)];

    private void Charge(Run run)
    {
        if (run.Price.Cycle.IsOnce)
        {
            _lines.Add(new Line(run.Price.Code, null, Cost(run.Price, run.Parts[0].Quantity).Cents));
            return;
        }

        foreach (var period in Periods(run.Origin, run.Price.Cycle, run.From, run.To))
        {
            if (run.Price.IsUsage)
            {
                _lines.Add(Usage(run.Price, period));
                continue;
            }

            var parts = run.Parts.Where(part => part.From < period.To && part.To > period.From);
            _lines.AddRange(run.Price is { Share: Share.Whole, InAdvance: false } ? Whole(run.Price, parts.First(), period) : parts.Select(part => Thing(run.Price, part, period)));
        }
    }

    // What is asked whole is asked for the first part of a period only.
    private Line Usage(SoldPrice price, Period period)
    {
        var isAsked = _asked.Add((price, period.Start)) || price.Share is not Share.Whole;
        var units = _facts.Used.Values.Where(used => used.Price == price.Code && period.From <= used.At && used.At < period.To).Sum(used => used.Units);
        var (cents, part) = (Cost(price, units).Cents, period.Part(price.Share, period.From, period.To));
        cents = price.Least is { } least && isAsked ? Math.Max(cents, (Fraction.Of(least) * part).Cents) : cents;
        return new Line(price.Code, period.From, price.Most is { } most ? Math.Min(cents, (Fraction.Of(most) * part).Cents) : cents);
    }

    // A period is paid whole by the first of its parts, for what there was of the thing then; one that is counted anew is another, unless it is over within the hours by which zones differ.
    private IEnumerable<Line> Whole(SoldPrice price, Part part, Period period)
    {
        if (_paid.TryGetValue(price, out var until) && period.End <= until.AddHours(Math.Min(26, (period.End - period.Start).TotalHours / 2)))
        {
            return [];
        }

        _paid[price] = period.End;
        return [new Line(price.Code, Later(part.From, period.From), Cost(price, part.Quantity).Cents)];
    }

    // What is paid in advance is paid up to the end that was known then; what is left at an earlier one is given back, and never more than was paid.
    private Line Thing(SoldPrice price, Part part, Period period)
    {
        var (from, end) = (Later(part.From, period.From), Earlier(part.To, period.To));
        if (!price.InAdvance)
        {
            return new Line(price.Code, from, (Cost(price, part.Quantity) * period.Part(price.Share, from, end)).Cents);
        }

        var known = Runs(from).SelectMany(run => run.Price == price ? run.Parts : []).Single(item => item.From <= from && from < item.To);
        var paid = Earlier(known.To, period.End);
        var cents = (Cost(price, part.Quantity) * period.Part(price.Share, from, paid)).Cents;
        return end >= paid ? new Line(price.Code, from, cents) : new Line(price.Code, from, cents) { BackAt = end, Back = Math.Min(cents, (Cost(price, part.Quantity) * period.Part(price.Share, end, paid)).Cents) };
    }

    private static Fraction Cost(SoldPrice price, decimal units)
    {
        if (price.Package is { } size)
        {
            return Fraction.Of(decimal.Ceiling(units / size) * price.Unit);
        }

        var above = price.Bound is { } bound ? Math.Max(0, units - bound) : 0;
        return Fraction.Of(((units - above) * price.Unit) + (above * price.Above) + (above > 0 ? price.Fee : 0));
    }

    // What is owed whole is owed once, however often its interval is interrupted.
    private IEnumerable<Committed> CommittedIntervals() => CommittedTimes()
        .SelectMany(time => Periods(time.Origin, time.Commitment.Cycle, time.From, time.To), (time, period) => (time.Commitment, time.Origin, Period: period))
        .GroupBy(item => (item.Commitment, item.Origin, item.Commitment.Share is Share.Whole ? item.Period.Start : item.Period.From))
        .Select(parts => Owed(parts.Key.Commitment, parts.First().Period, parts.Sum(part => Drawn(part.Period))));

    private static Committed Owed(SoldCommitment commitment, Period period, long drawn) =>
        new(period.From, period.To, period.IsPart, (Fraction.Of(commitment.Amount) * period.Part(commitment.Share, period.From, period.To)).Cents, drawn);

    // What is given back lessens what its line drew, up to the instant at which the interval is settled.
    private long Drawn(Period period) => _lines.Where(line => line.From >= period.From && line.From < period.To).Sum(line => line.Cents - (line.BackAt <= period.To ? line.Back : 0));

    private List<(SoldCommitment Commitment, DateTime Origin, DateTime From, DateTime To)> CommittedTimes()
    {
        var times = new List<(SoldCommitment Commitment, DateTime Origin, DateTime From, DateTime To)>();
        foreach (var state in States(DateTime.MaxValue))
        {
            if ((_facts.Commitment ?? state.Plan.Commitment) is not { } commitment)
            {
                continue;
            }

            if (times is [.., var last] && last.To == state.From && (last.Commitment, last.Origin) == (commitment, state.Origin))
            {
                times[^1] = last with { To = state.To };
            }
            else
            {
                times.Add((commitment, state.Origin, state.From, state.To));
            }
        }

        return times;
    }

    // The periods that a stretch of time lies in, counted from an origin or by the calendar's months.
    private IEnumerable<Period> Periods(DateTime origin, Cycle cycle, DateTime from, DateTime to)
    {
        var first = _facts.IsCalendar ? new DateTime(origin.Year, 1, 1).AddMonths((origin.Month - 1) / cycle.Months * cycle.Months) : origin;
        for (var n = 0; ; n++)
        {
            var (start, end) = (first.AddMonths(n * cycle.Months).AddDays(n * cycle.Days), first.AddMonths((n + 1) * cycle.Months).AddDays((n + 1) * cycle.Days));
            if (start >= to)
            {
                yield break;
            }

            if (end > from)
            {
                yield return new Period(Later(start, from), Earlier(end, to), start, end);
            }
        }
    }

    private static DateTime Later(DateTime left, DateTime right) => left > right ? left : right;

    private static DateTime Earlier(DateTime left, DateTime right) => left < right ? left : right;

    private sealed record State(DateTime From, DateTime To, SoldPlan Plan, DateTime Origin, Dictionary<string, decimal> Quantities);

    private readonly record struct Part(DateTime From, DateTime To, decimal Quantity);

    private sealed record Run(SoldPrice Price, DateTime Origin, List<Part> Parts)
    {
        public DateTime From => Parts[0].From;

        public DateTime To => Parts[^1].To;

        public void Add(Part part)
        {
            if (Parts is [.., var last] && last.Quantity == part.Quantity)
            {
                Parts[^1] = last with { To = part.To };
            }
            else
            {
                Parts.Add(part);
            }
        }
    }

    private readonly record struct Period(DateTime From, DateTime To, DateTime Start, DateTime End)
    {
        public bool IsPart => From != Start || To != End;

        public Fraction Part(Share share, DateTime from, DateTime to) => share switch
        {
            Share.Seconds => new((to - from).Ticks, (End - Start).Ticks),
            Share.Days => new((to.Date - from.Date).Days, (End.Date - Start.Date).Days),
            _ => new(1, 1),
        };
    }

    private sealed record Line(string Price, DateTime? From, long Cents)
    {
        public DateTime? BackAt { get; init; }

        public long Back { get; init; }
    }
}
