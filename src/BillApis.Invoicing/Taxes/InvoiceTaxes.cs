using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Computes what was decided: each tax of a jurisdiction once for the invoice, and back to the lines by largest remainder.</summary>
public static class InvoiceTaxes
{
    /// <summary>The invoice with its taxes; taxes that it had before are replaced.</summary>
    public static Invoice Apply(Invoice invoice, TaxDecision decision)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(decision);
        var lines = ImmutableArray.CreateRange(invoice.Lines, line => line.Taxes.IsEmpty ? line : line with { Taxes = [] });
        if (decision.Lines.All(taxes => taxes.IsEmpty))
        {
            return invoice with { Lines = lines, TaxLines = [] };
        }

        var taxed = invoice with { Lines = lines, TaxLines = [] };

        // Most lines share one array of taxes.
        var taxes = decision.Lines.Distinct().SelectMany(item => item).Distinct().ToList();

        // What is in the amounts comes first: taxes on top are computed on what is left without it.
        return WithBases(taxes.OrderByDescending(tax => tax.Inclusive).Aggregate(taxed, (result, tax) => Apply(result, tax, decision)));
    }

    private static Invoice Apply(Invoice invoice, Tax tax, TaxDecision decision)
    {
        var bearing = Enumerable.Range(0, invoice.Lines.Length).Where(i => decision.Lines[i].Contains(tax)).ToArray();
        var shares = TaxShare.OnTop(tax, Array.ConvertAll(bearing, i => invoice.Lines[i].NetOfTax.MinorUnits))
            ?? TaxShare.Round(Array.ConvertAll(bearing, i => TaxShare.Of(invoice.Lines[i], tax, decision.Lines[i])));
        var lines = invoice.Lines.ToBuilder();
        for (var k = 0; k < bearing.Length; k++)
        {
            lines[bearing[k]] = lines[bearing[k]] with { Taxes = lines[bearing[k]].Taxes.Add(new LineTax(tax, Money.FromMinorUnits(shares[k], invoice.Currency))) };
        }

        return invoice with
        {
            Lines = lines.MoveToImmutable(),
            TaxLines = invoice.TaxLines.Add(new TaxLine(tax, Money.Zero(invoice.Currency), Money.FromMinorUnits(shares.Sum(), invoice.Currency))),
        };
    }

    private static Invoice WithBases(Invoice invoice) => invoice with
    {
        TaxLines = [.. invoice.TaxLines.Select(item => item with
        {
            Base = invoice.Lines.Where(line => line.Taxes.Any(part => part.Tax == item.Tax)).Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + line.NetOfTax),
        })],
    };
}
