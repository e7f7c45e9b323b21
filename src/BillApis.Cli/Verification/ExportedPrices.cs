using BillApis.Invoicing;
using BillApis.Pricing;

namespace BillApis.Cli.Verification;

/// <summary>The prices of an exported invoice, each with the terms that its line was made by.</summary>
internal static class ExportedPrices
{
    public static Price? Of(InvoiceExport export, InvoiceLine line) =>
        !export.Prices.TryGetValue(line.Price?.ToString() ?? "", out var price) ? null : export.LineTerms.TryGetValue(line.Id.ToString(), out var own) ? price with { Terms = own } : price;
}
