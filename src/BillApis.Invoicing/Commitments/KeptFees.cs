using NodaTime;

namespace BillApis.Invoicing;

/// <summary>Finds fees that gave nothing back while they were not charged, as after a pause of one that coupons or promotional credit paid: they pay again for the rest of their period, and draw on what is committed to in it by what is left of them.</summary>
internal static class KeptFees
{
    /// <summary>The fees that were billed before an interval of a commitment and pay for what begins with it.</summary>
    public static IReadOnlyList<InvoiceLine> Of(CommittedPeriod committed, IReadOnlyCollection<InvoiceLine> lines) => committed.Of.Begun.IsEmpty
        ? []
        : [.. lines.Where(line => line.Period?.Start >= committed.Of.Since && committed.Of.Begun.Any(begun => begun.At == committed.Of.Period.Start && Pays(line, begun, lines)))];

    /// <summary>Whether a line was billed in advance, gave nothing back and pays for a price that begins in its period, so that this was not charged again.</summary>
    public static bool Pays(InvoiceLine line, BegunPrice begun, IReadOnlyCollection<InvoiceLine> lines) =>
        line is { InAdvance: true, RefersBack: false, Period: { } period } && line.Price == begun.Price && period.Start < begun.At && begun.At < period.End
        && !lines.Any(other => (other is { InAdvance: true, RefersBack: false } && other.Price == begun.Price && other.Period?.Start == begun.At) || (!other.Amount.IsZero && GivesBack(other, line)));

    /// <summary>What of such fees the commitments before did not need. All of them together draw no more than was billed.</summary>
    public static Money LeftFor(CommittedPeriod committed, IReadOnlyCollection<InvoiceLine> lines)
    {
        var (kept, none) = (Of(committed, lines), Money.Zero(committed.Of.Committed.Currency));
        if (kept.Count == 0)
        {
            return none;
        }

        var left = Sum(kept.Where(line => !committed.Of.Before.Any(before => before.Counts(line))), none);
        foreach (var before in committed.Of.Before.Select(period => period.After(lines)))
        {
            var own = kept.Where(before.Of.Counts).ToList();
            var drawn = before.DrawnBy([.. own, .. lines.Where(line => own.Exists(fee => GivesBack(line, fee)))]);
            var needed = before.Of.Committed - (before.Counted - drawn);
            left = left + Sum(own, none) - Least(needed > none ? needed : none, left + drawn);
        }

        return left;
    }

    private static bool GivesBack(InvoiceLine line, InvoiceLine fee) => line.GivesBack is { } id && (id == fee.Id || (line.Price == fee.Price && line.Full == fee.Period));

    private static Money Least(Money left, Money right) => left < right ? left : right;

    private static Money Sum(IEnumerable<InvoiceLine> lines, Money none) => lines.Aggregate(none, (sum, line) => sum + line.Amount);
}
