using System.Collections.Immutable;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>An interval of a commitment, as far as the subscription was charged in it.</summary>
/// <param name="Committed">What it commits to: the one rounding.</param>
/// <param name="Period">The time.</param>
/// <param name="Factor">The part of the whole interval that this is.</param>
public sealed record CommitmentPeriod(Money Committed, Interval Period, ProrationFactor Factor)
{
    /// <summary>When it goes on, where it was interrupted and is owed whole all the same; empty for never.</summary>
    public ImmutableArray<Interval> Later { get; init; } = [];

    /// <summary>From when on what was billed may draw on it.</summary>
    public Instant Since { get; init; } = Period.Start;

    /// <summary>When it is settled.</summary>
    public Instant SettledAt => Times.Last().End;

    /// <summary>The prices in advance that begin in it after its interval does, as after a pause: what was billed for them before may go on drawing.</summary>
    internal ImmutableArray<BegunPrice> Begun { get; init; } = [];

    /// <summary>What was committed to in its interval before it, the earliest first; looked at where prices begin with it.</summary>
    internal ImmutableArray<CommitmentPeriod> Before { get; init; } = [];

    /// <summary>All times that it is in force.</summary>
    internal IEnumerable<Interval> Times => Later.Prepend(Period);

    /// <summary>Whether it is in force at an instant.</summary>
    public bool Holds(Instant at) => Times.Any(time => time.Contains(at));

    /// <summary>Whether a line draws on the commitment: one whose own period begins in a time of this one, whoever billed it, and what is given back of such a line up to the instant at which the last time ends and is settled.</summary>
    public bool Counts(InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.Kind is not (LineKind.Commitment or LineKind.OneOff) && line.Period is { } period
            && Holds(line.GivesBack is null ? period.Start : (line.Full ?? period).Start) && (line.GivesBack is null || period.Start <= SettledAt);
    }

    /// <summary>The same with what earlier invoices billed of it.</summary>
    public CommittedPeriod After(IReadOnlyCollection<InvoiceLine> earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        var none = Money.Zero(Committed.Currency);
        var trueUp = earlier.Where(line => line.Kind is LineKind.Commitment && line.Period == Period).Aggregate(none, (sum, line) => sum + line.Amount);
        var before = new CommittedPeriod(this, none, trueUp) { Advanced = [.. earlier.Where(line => line is { InAdvance: true, GivesBack: null } && Counts(line))] };
        return before with { Counted = before.DrawnBy(earlier), Earlier = earlier };
    }
}

/// <summary>A price in advance, and when it begins.</summary>
internal readonly record struct BegunPrice(PriceId Price, Instant At);

/// <summary>An interval of a commitment that is settled on an invoice.</summary>
/// <param name="Of">The interval.</param>
/// <param name="Counted">What earlier invoices billed that draws on it.</param>
/// <param name="TrueUp">What earlier invoices charged as missing.</param>
public sealed record CommittedPeriod(CommitmentPeriod Of, Money Counted, Money TrueUp)
{
    /// <summary>What earlier invoices billed in advance that draws on it.</summary>
    public ImmutableArray<InvoiceLine> Advanced { get; init; } = [];

    /// <summary>The lines of earlier invoices.</summary>
    internal IReadOnlyCollection<InvoiceLine> Earlier { get; init; } = [];

    /// <summary>Whether what was billed before it for a price that begins with it goes on drawing.</summary>
    public bool GoesOn => KeptFees.Of(this, Earlier).Count > 0;

    /// <summary>What is missing with the lines of this invoice, less what was charged as missing before; null for nothing.</summary>
    public InvoiceLine? LineOf(IEnumerable<InvoiceLine> lines)
    {
        var mine = lines.ToList();
        var used = Counted + KeptWith(mine) + DrawnBy(mine);
        var missing = Of.Committed > used ? Of.Committed - used : Money.Zero(used.Currency);
        return missing == TrueUp ? null : new InvoiceLine
        {
            Kind = LineKind.Commitment,
            Description = TrueUp.IsZero ? $"Minimum commitment of {Of.Committed}" : $"Minimum commitment of {Of.Committed}: adjustment",
            Quantity = 1,
            UnitAmount = (missing - TrueUp).Amount,
            Amount = missing - TrueUp,
            Period = Of.Period,
            Factor = Of.Factor,
        };
    }

    /// <summary>What lines draw on it together.</summary>
    public Money DrawnBy(IEnumerable<InvoiceLine> lines) => lines.Where(Of.Counts).Aggregate(Money.Zero(Of.Committed.Currency), (sum, line) => sum + (line.GivesBack is null ? line.Amount : GivenBack(line)));

    /// <summary>What fees that were billed before it, and still pay, have left for it, with the lines of this invoice.</summary>
    public Money KeptWith(IReadOnlyCollection<InvoiceLine> lines) => KeptFees.LeftFor(this, [.. Earlier, .. lines]);

    // A commitment is one before discounts: of what coupons and promotional credit took their part of, that is given back as if they had not.
    private Money GivenBack(InvoiceLine line)
    {
        var billed = Advanced.FirstOrDefault(item => item.Id == line.GivesBack) ?? Advanced.FirstOrDefault(item => item.Price == line.Price && item.Period == line.Full);
        if (billed is null || billed.Net == billed.Amount)
        {
            return line.Amount;
        }

        // It was taken away, gave nothing back, and pays again.
        if (line.Amount.IsZero && Of.Begun.Any(begun => begun.At > line.Period!.Value.Start && KeptFees.Pays(billed, begun, Earlier)))
        {
            return line.Amount;
        }

        var asked = billed is { Kind: LineKind.Flat or LineKind.Seat, Tiers: [_, ..] tiers } ? line.Factor.Apply(tiers.Sum(tier => tier.Amount)) : line.Factor.ApplyWithin(billed.Factor, billed.Amount.Amount);
        var back = Money.Round(asked, line.Amount.Currency);
        return -(back > billed.Amount && billed.Amount.MinorUnits >= 0 ? billed.Amount : back);
    }
}
