using System.Globalization;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>Holds lines that adjust what earlier invoices billed against those: what was billed of their charge so far, which line they are of, and which taxes that bears.</summary>
internal sealed class ReferenceVerification(InvoiceExport export, Invoice invoice, EarlierBills earlier, Findings findings)
{
    public void Verify()
    {
        for (var i = 0; i < invoice.Lines.Length; i++)
        {
            if (invoice.Lines[i] is { Kind: LineKind.Adjustment } line)
            {
                VerifyBilled(line, string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{i}]"));
            }

            if (invoice.Lines[i] is { Corrects: not null } or { Kind: LineKind.Adjustment })
            {
                VerifyCorrected(invoice.Lines[i], string.Create(CultureInfo.InvariantCulture, $"invoice.lines[{i}]"));
            }
        }
    }

    /// <summary>Holds that a line bears the taxes of another.</summary>
    public static void Taxes(InvoiceLine line, InvoiceLine billed, string path, Findings findings)
    {
        if (!line.Taxes.Select(tax => tax.Tax).SequenceEqual(billed.Taxes.Select(tax => tax.Tax)))
        {
            findings.Add($"{path}.taxes", "are not those of the line that it is of");
        }
    }

    // Where an invoice has no room for a line of each group, one has them all.
    private void VerifyBilled(InvoiceLine line, string path)
    {
        if (line.Adjustment is not { } now)
        {
            return;
        }

        var subscription = line.Subscription ?? invoice.Subscription;
        var charge = earlier.LinesOf(subscription).Where(other => other.Metric is not null && other.Price == line.Price && other.Period?.Start == line.Period?.Start).ToList();
        var own = charge.FindAll(other => other.Group.SequenceEqual(line.Group));
        var isAll = line.Group.IsEmpty && IsGrouped(line) && !IsOf(own) && Billed(charge) == now.Billed.MinorUnits;
        var counted = isAll ? charge : own;
        findings.Expect($"{path}.adjustment.billed", now.Billed, Billed(counted), "what earlier documents billed of it");
        findings.Expect($"{path}.quantity", line.Quantity, now.Quantity - Used(counted), "what was used less what earlier documents billed");

        // What groups cost nothing of, those bills have all of that have the minimum.
        bool IsOf(List<InvoiceLine> lines) => Billed(lines) == now.Billed.MinorUnits && line.Quantity == now.Quantity - Used(lines);
        long Billed(List<InvoiceLine> lines) => lines.Sum(other => other.Amount.MinorUnits);
        decimal Used(List<InvoiceLine> lines) => lines.Where(other => other.Kind is LineKind.Usage or LineKind.Adjustment).Sum(other => other.Quantity);
    }

    // A charge that one bill has as a whole is adjusted with that bill's coupons and taxes.
    private void VerifyCorrected(InvoiceLine line, string path)
    {
        var billed = earlier.Of(line.Subscription ?? invoice.Subscription).SelectMany(bill => bill.Part.Lines);
        if (line.Corrects is not { } id)
        {
            if (billed.Any(other => other.Price == line.Price && other.Period == line.Period && other is { RefersBack: false, Kind: not LineKind.Adjustment }))
            {
                findings.Add($"{path}.corrects", "is missing: an earlier invoice billed the charge");
            }

            return;
        }

        if (billed.FirstOrDefault(other => other.Id == id) is not { } corrected)
        {
            findings.Add($"{path}.corrects", "is a line of no earlier invoice in the file");
            return;
        }

        if ((line.Price, line.Product, line.TaxCategory) != (corrected.Price, corrected.Product, corrected.TaxCategory) || line.Period?.Start != corrected.Period?.Start || corrected.RefersBack)
        {
            findings.Add($"{path}.corrects", "is not of the same charge");
        }

        if (line is { Kind: LineKind.Adjustment } && corrected.Kind is not LineKind.Adjustment && !IsOfSeveral(line) && LineOf(line, earlier.With(id)!.Part) != id)
        {
            findings.Add($"{path}.corrects", "is not the line of its group");
        }

        Taxes(line, corrected, path, findings);
    }

    private bool IsOfSeveral(InvoiceLine line) => line is { Group.IsEmpty: true, Adjustment.Quantity: not 0 } && IsGrouped(line);

    private bool IsGrouped(InvoiceLine line) => export.Prices.GetValueOrDefault(line.Price?.ToString() ?? "")?.Terms.GroupBy.IsEmpty is false;

    // That of the group; where the bill has none of it, the first of the charge.
    private static InvoiceLineId? LineOf(InvoiceLine line, Invoice bill)
    {
        var charge = bill.Lines.Where(other => (other.Price, other.Period) == (line.Price, line.Period) && other is { RefersBack: false, Kind: not (LineKind.OneOff or LineKind.Adjustment) }).ToList();
        return (charge.Find(other => other.Group.SequenceEqual(line.Group)) ?? charge.FirstOrDefault())?.Id;
    }
}
