using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes what is missing to commitments, from their terms, the timeline and what earlier documents and the invoice draw on them.</summary>
internal sealed class CommitmentVerification(InvoiceExport export, Invoice invoice, EarlierBills earlier, Findings findings)
{
    public void Verify()
    {
        foreach (var subscription in ExportedSubscriptions.All(export).Where(item => item.Commitments is not null))
        {
            Verify(subscription, [.. invoice.Lines.Select((line, k) => (Line: line, Place: k)).Where(item => (item.Line.Subscription ?? invoice.Subscription) == subscription.Id)]);
        }
    }

    private void Verify(ExportedSubscription subscription, List<(InvoiceLine Line, int Place)> lines) =>
        KnownTimelines.Hold(KnownTimelines.Of(invoice, subscription).Select(known => new CommitmentIntervals(subscription, known)), (intervals, tried) => Verify(subscription.Id, intervals, lines, tried), findings);

    private void Verify(SubscriptionId subscription, CommitmentIntervals intervals, List<(InvoiceLine Line, int Place)> lines, Findings tried)
    {
        var said = new HashSet<Interval>();
        foreach (var (line, k) in lines.Where(item => item.Line.Kind is LineKind.Commitment))
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{k}]");
            if (line.Period is not { } period || intervals.Holding(period.Start) is not { } interval || interval.Period != period || !said.Add(period))
            {
                tried.Add($"{path}.period", "is no interval of a commitment that no other line settles");
                continue;
            }

            if (Rational.Of(line.Factor) != interval.Part)
            {
                tried.Add($"{path}.factor", $"the invoice says {line.Factor}, but the part of the whole interval is {interval.Part.Numerator}/{interval.Part.Denominator}");
            }

            var (least, most) = MissingOf(subscription, interval, lines);
            if (line.Amount.MinorUnits < least || line.Amount.MinorUnits > most)
            {
                tried.Expect($"{path}.amount", line.Amount, most, "what is missing to the commitment, less what was charged as missing before,");
            }

            tried.Expect($"{path}.quantity", line.Quantity, 1, "the quantity of a commitment");
            var charged = ChargedOf(subscription, interval).Where(other => other.Corrects is null).Select(other => other.Id).ToList();
            if (line.Corrects is { } id ? !charged.Contains(id) : charged.Count > 0)
            {
                tried.Add($"{path}.corrects", "is not the line that charged what was missing before");
            }
        }

        foreach (var interval in Settled(subscription, intervals, lines).Where(interval => !said.Contains(interval.Period) && MissingOf(subscription, interval, lines) is var (least, most) && (least > 0 || most < 0)).DistinctBy(interval => interval.Period))
        {
            tried.Add("invoice.lines", $"do not say what is missing to the commitment of {interval.Period}: a line was left out");
        }
    }

    // What ends with the invoice, and what ended before and its lines draw on. A supplementary invoice settles what was settled before only.
    private IEnumerable<CommittedInterval> Settled(SubscriptionId subscription, CommitmentIntervals intervals, List<(InvoiceLine Line, int Place)> lines)
    {
        if (invoice.Kind is InvoiceKind.Progressive)
        {
            return [];
        }

        var isBoundary = invoice.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated;
        var drawn = lines.Where(item => item.Line is { Kind: not (LineKind.Commitment or LineKind.OneOff), GivesBack: null, Period: not null }).Select(item => item.Line.Period!.Value.Start);
        return drawn.Concat(isBoundary ? [invoice.CreatedAt - Duration.Epsilon] : []).Select(intervals.Holding).OfType<CommittedInterval>()
            .Where(interval => interval.End <= invoice.CreatedAt && (isBoundary || ChargedOf(subscription, interval).Any()));
    }

    private IEnumerable<InvoiceLine> ChargedOf(SubscriptionId subscription, CommittedInterval interval) => earlier.LinesOf(subscription).Where(line => line.Kind is LineKind.Commitment && line.Period == interval.Period);

    // One amount, but for what fees that were billed before and pay again after a pause have left for it, which earlier commitments say.
    private (BigInteger Least, BigInteger Most) MissingOf(SubscriptionId subscription, CommittedInterval interval, List<(InvoiceLine Line, int Place)> lines)
    {
        var before = earlier.LinesOf(subscription).ToList();
        var advanced = before.FindAll(line => line is { InAdvance: true, GivesBack: null } && interval.Counts(line));
        var all = before.Concat(lines.Select(item => item.Line)).ToList();
        var (used, charged) = (Sum(all.FindAll(interval.Counts), line => DrawnBy(line, advanced)), Sum(ChargedOf(subscription, interval), line => line.Amount.MinorUnits));
        var kept = Sum(all.FindAll(interval.MayKeep), line => line.Amount.MinorUnits) - Sum(all.FindAll(line => line is { GivesBack: not null, Amount.IsZero: true } && interval.Counts(line)), line => DrawnBy(line, advanced));
        return (BigInteger.Max(0, interval.Committed - used - kept) - charged, BigInteger.Max(0, interval.Committed - used) - charged);
    }

    private static BigInteger Sum(IEnumerable<InvoiceLine> lines, Func<InvoiceLine, BigInteger> of) => lines.Aggregate(BigInteger.Zero, (sum, line) => sum + of(line));

    // A commitment is one before coupons and promotional credit: what is given back counts as if there had been none.
    private static BigInteger DrawnBy(InvoiceLine line, List<InvoiceLine> advanced)
    {
        if (line.GivesBack is null || (advanced.Find(other => other.Id == line.GivesBack) ?? advanced.Find(other => (other.Price, other.Period) == (line.Price, line.Full))) is not { } billed || billed.Net == billed.Amount)
        {
            return line.Amount.MinorUnits;
        }

        var scale = BigInteger.Pow(10, line.Amount.Currency.MinorUnitDigits);
        var whole = billed is { Kind: LineKind.Flat or LineKind.Seat, Tiers: [_, ..] tiers } ? tiers.Aggregate(Rational.Zero, (sum, tier) => sum + tier.Amount) * Rational.Of(scale, 0)
            : billed.Factor.Numerator == 0 ? Rational.Zero : Rational.Of(billed.Amount.MinorUnits, 0) * new Rational(billed.Factor.Denominator, billed.Factor.Numerator);
        var back = (whole * Rational.Of(line.Factor)).Round(0);
        return -(billed.Amount.MinorUnits >= 0 ? BigInteger.Min(back, billed.Amount.MinorUnits) : back);
    }
}
