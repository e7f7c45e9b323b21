using System.Numerics;
using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes what is given back of a line that an earlier invoice billed in advance.</summary>
internal sealed class UnusedVerification(Invoice invoice, EarlierBills earlier, PeriodVerification periods, Findings findings)
{
    public void Verify(InvoiceLine line, PriceTerms terms, string path)
    {
        if (line.GivesBack is not { } id || earlier.With(id) is not { } bill)
        {
            findings.Add($"{path}.gives_back", "is a line of no earlier invoice in the file");
            return;
        }

        var billed = bill.Part.Lines.Single(own => own.Id == id);
        if (billed is not { InAdvance: true, RefersBack: false, Period: { } whole } || line.Period is not { } period)
        {
            findings.Add($"{path}.gives_back", "was not billed in advance");
            return;
        }

        if ((line.Price, line.Product, line.TaxCategory, line.Quantity, line.Full) != (billed.Price, billed.Product, billed.TaxCategory, billed.Quantity, whole) || !line.InAdvance || bill.File.Subscription != (line.Subscription ?? invoice.Subscription))
        {
            findings.Add(path, "is not of the line that it gives back");
        }

        if (invoice.Lines.Count(other => other.GivesBack == id) > 1)
        {
            findings.Add($"{path}.gives_back", "is given back by another line too");
        }

        ReferenceVerification.Taxes(line, billed, path, findings);
        VerifyPart(line, billed, period, whole, terms, path);
        VerifyAmount(line, billed, bill, period, whole, terms, path);
    }

    private void VerifyPart(InvoiceLine line, InvoiceLine billed, Interval period, Interval whole, PriceTerms terms, string path)
    {
        // Of a time that had not begun as it was given back, older invoices name the change's instant.
        if (period.Start == invoice.CreatedAt && period.Start < whole.Start && period.End == whole.End && terms.Proration is not Proration.None)
        {
            return;
        }

        if ((period != whole && period.Start != invoice.CreatedAt && invoice.Replaces is null) || period.Start < whole.Start || period.End > whole.End || !(terms.Proration is not Proration.None || period == whole))
        {
            findings.Add($"{path}.period", "is no part of the time that was paid");
        }

        var expected = Rational.Of(billed.Factor) * PartOf(line, period, whole, terms);
        if (Rational.Of(line.Factor) != expected)
        {
            findings.Add($"{path}.factor", $"the invoice says {line.Factor}, but the part of the whole period is {expected.Numerator}/{expected.Denominator}");
        }
    }

    // A change of zone gives back by the days of the zone that it ends.
    private Rational PartOf(InvoiceLine line, Interval period, Interval whole, PriceTerms terms) => period == whole || period.Start < whole.Start ? 1 : periods.PartOf(line, period, whole, terms.Proration, whole.Start);

    // What was withdrawn since, and what was taken back at the very instant of issue, may have counted or not.
    private void VerifyAmount(InvoiceLine line, InvoiceLine billed, EarlierBill bill, Interval period, Interval whole, PriceTerms terms, string path)
    {
        var amounts = new[] { (true, true), (true, false), (false, true), (false, false) }.Select(counts => AmountOf(line, billed, bill, PartOf(line, period, whole, terms), terms, counts.Item1, counts.Item2)).Distinct().ToList();
        if (!amounts.Exists(range => range.Least <= line.Amount.MinorUnits && line.Amount.MinorUnits <= range.Most))
        {
            findings.Expect($"{path}.amount", line.Amount, amounts[0].Most, "the unused part of what was paid, and not given back yet,");
        }
    }

    private (BigInteger Least, BigInteger Most) AmountOf(InvoiceLine line, InvoiceLine billed, EarlierBill bill, Rational part, PriceTerms terms, bool countsWithdrawn, bool countsAtOnce)
    {
        var memos = earlier.MemosOf(bill.File.Subscription).Where(memo => (countsWithdrawn || !memo.File.Withdrawn) && (countsAtOnce || memo.Memo.IssuedAt != invoice.IssuedAt)).SelectMany(memo => memo.Memo.Lines).ToList();
        var lines = earlier.AllOf(bill.File.Subscription).Where(other => countsWithdrawn || !other.File.Withdrawn).SelectMany(other => other.Part.Lines).ToList();
        bool IsOf(InvoiceLineId? id) => id is { } some && earlier.Standing(some) == billed.Id;
        var moved = lines.Concat(memos.Select(memo => memo.Adjustment).OfType<InvoiceLine>()).Where(other => other.Kind is LineKind.Discount && IsOf(other.Corrects)).ToList();
        var net = billed.Net.MinorUnits - moved.Sum(other => (other.Discount?.MinorUnits ?? 0) + (other.Credit?.MinorUnits ?? 0));
        var isInclusive = billed.Taxes.Any(tax => tax.Tax.Inclusive);
        var left = (BigInteger)(net + lines.Where(other => IsOf(other.GivesBack)).Sum(other => other.Amount.MinorUnits)
            - memos.Where(memo => memo.Line == billed.Id && memo.Adjustment?.Kind is not LineKind.Discount).Sum(memo => isInclusive ? memo.Gross.MinorUnits : memo.Net.MinorUnits));
        var (paid, amount) = (billed.Amount.MinorUnits == net || billed.Amount.IsZero ? Rational.Of(1, 0) : new Rational(net, billed.Amount.MinorUnits), (BigInteger)billed.Amount.MinorUnits);

        // Whole where that is known; else what was billed is that, but for its rounding.
        var price = billed.Kind is LineKind.Minimum or LineKind.Maximum ? null : Prices.AmountOf(terms.In(line.Amount.Currency), billed.Quantity, []);
        var exact = price * Rational.Of(billed.Factor);
        var scale = BigInteger.Pow(10, line.Amount.Currency.MinorUnitDigits);
        var isKnown = price is { } found && Prices.PartOf(found, billed, line.Amount.Currency.MinorUnitDigits) == amount && part != 1;
        var back = ((isKnown ? exact!.Value * Rational.Of(scale, 0) : Rational.Of(amount, 0)) * part * paid).Round(0);
        var slack = isKnown || part == 1 || billed.Kind is LineKind.Minimum or LineKind.Maximum ? 0 : 1;
        return net < 0 ? (-back - slack, -back + slack) : (-Given(back + slack, left), -Given(back - slack, left));
    }

    private static BigInteger Given(BigInteger back, BigInteger left) => BigInteger.Max(0, BigInteger.Min(back, left));
}
