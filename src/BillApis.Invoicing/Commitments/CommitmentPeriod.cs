using BillApis.Pricing;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>An interval of a commitment, as far as the subscription was charged in it.</summary>
/// <param name="Committed">What it commits to: the one rounding.</param>
/// <param name="Period">The time.</param>
/// <param name="Factor">The part of the whole interval that this is.</param>
public sealed record CommitmentPeriod(Money Committed, Interval Period, ProrationFactor Factor)
{
    /// <summary>Whether a line draws on the commitment: one whose own period begins in this one, whoever billed it, and what is given back of such a line up to the instant at which this one ends and is settled.</summary>
    public bool Counts(InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.Kind is not (LineKind.Commitment or LineKind.OneOff) && line.Period is { } period
            && (line.GivesBack is null ? Period.Contains(period.Start) : Period.Contains((line.Full ?? period).Start) && period.Start <= Period.End);
    }

    /// <summary>The same with what earlier invoices billed of it.</summary>
    public CommittedPeriod After(IReadOnlyCollection<InvoiceLine> earlier)
    {
        Money Sum(Func<InvoiceLine, bool> fits) => earlier.Where(fits).Aggregate(Money.Zero(Committed.Currency), (sum, line) => sum + line.Amount);
        return new CommittedPeriod(this, Sum(Counts), Sum(line => line.Kind is LineKind.Commitment && line.Period == Period));
    }
}

/// <summary>An interval of a commitment that is settled on an invoice.</summary>
/// <param name="Of">The interval.</param>
/// <param name="Counted">What earlier invoices billed that draws on it.</param>
/// <param name="TrueUp">What earlier invoices charged as missing.</param>
public sealed record CommittedPeriod(CommitmentPeriod Of, Money Counted, Money TrueUp)
{
    /// <summary>What is missing with the lines of this invoice, less what was charged as missing before; null for nothing.</summary>
    public InvoiceLine? LineOf(IEnumerable<InvoiceLine> lines)
    {
        var used = lines.Where(Of.Counts).Aggregate(Counted, (sum, line) => sum + line.Amount);
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
}
