using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes the part of a period that a line goes on with, from the earlier lines that billed it.</summary>
internal sealed class BeforeVerification(Invoice invoice, EarlierBills earlier, Findings findings)
{
    public void Verify(InvoiceLine line, string path)
    {
        // What bounds a part goes on as the part does.
        if (line is { Metric: null, Kind: LineKind.Minimum or LineKind.Maximum })
        {
            if (BoundedLines.Of(invoice, line).FirstOrDefault() is { } bounded && bounded.Before != line.Before)
            {
                findings.Add($"{path}.before", "is not that of the line that it bounds");
            }

            return;
        }

        if (line.Before is not { } before)
        {
            return;
        }

        if (line.Metric is not null || line.Kind is not (LineKind.Flat or LineKind.Seat) || line.Period is not { } period)
        {
            findings.Add($"{path}.before", "is of a line that is no part of a fixed price");
            return;
        }

        var billed = earlier.AllOf(line.Subscription ?? invoice.Subscription).SelectMany(bill => bill.Part.Lines)
            .Where(other => (other.Kind, other.Price, other.Quantity, other.RefersBack) == (line.Kind, line.Price, line.Quantity, false) && other.Period?.End == period.Start).ToList();

        // Of what is charged in arrears the file need not have the earlier bills; the timeline tells.
        if (billed.Count == 0 && (!earlier.IsKnown || !line.InAdvance))
        {
            return;
        }

        if (Rational.Of(before) + Rational.Of(line.Factor) > 1)
        {
            findings.Add($"{path}.before", $"comes with the {line.Factor} of the line to more than the whole period");
        }

        if (!billed.Exists(other => (other.Before is { } first ? Rational.Of(first) : Rational.Zero) + Rational.Of(other.Factor) == Rational.Of(before)))
        {
            findings.Add($"{path}.before", $"says that {before} of the period was billed up to {period.Start}, which no earlier line did");
        }
    }
}
