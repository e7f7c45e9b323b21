using System.Runtime.InteropServices;

namespace BillApis.Invoicing;

/// <summary>Computes what was decided: each tax of a jurisdiction once for the invoice, and back to the lines by largest remainder.</summary>
public static class InvoiceTaxes
{
    /// <summary>The invoice with its taxes; taxes that it had before are replaced.</summary>
    public static Invoice Apply(Invoice invoice, TaxDecision decision)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(decision);
        InvoiceLine[] lines = [.. invoice.Lines];
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = lines[i].Taxes.IsEmpty ? lines[i] : lines[i] with { Taxes = [] };
        }

        // Most lines share one array of taxes. What is in the amounts comes first: taxes on top are computed on what is left without it.
        var taxes = decision.Lines.Distinct().SelectMany(item => item).Distinct().OrderByDescending(tax => tax.Inclusive).ToList();
        var amounts = taxes.ConvertAll(tax => Charge(lines, tax, decision, invoice.Currency));
        return invoice with
        {
            Lines = ImmutableCollectionsMarshal.AsImmutableArray(lines),
            TaxLines = [.. taxes.Zip(amounts, (tax, amount) => new TaxLine(tax, BaseOf(lines, tax, invoice.Currency), amount))],
        };
    }

    // Puts a tax on the lines that bear it; answers what it comes to.
    private static Money Charge(InvoiceLine[] lines, Tax tax, TaxDecision decision, Currency currency)
    {
        var bearing = Enumerable.Range(0, lines.Length).Where(i => decision.Lines[i].Contains(tax)).ToArray();
        var shares = TaxShare.OnTop(tax, Array.ConvertAll(bearing, i => lines[i].NetOfTax.MinorUnits))
            ?? TaxShare.Round(Array.ConvertAll(bearing, i => TaxShare.Of(lines[i], tax, decision.Lines[i])));
        for (var k = 0; k < bearing.Length; k++)
        {
            ref var line = ref lines[bearing[k]];
            line = line with { Taxes = line.Taxes.Add(new LineTax(tax, Money.FromMinorUnits(shares[k], currency))) };
        }

        return Money.FromMinorUnits(shares.Sum(), currency);
    }

    private static Money BaseOf(InvoiceLine[] lines, Tax tax, Currency currency) =>
        lines.Where(line => line.Taxes.Any(part => part.Tax == tax)).Aggregate(Money.Zero(currency), (sum, line) => sum + line.NetOfTax);
}
