using System.Text;
using BillApis.Invoicing;
using BillApis.Pdf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary>Invoices and credit memos as documents: HTML, PDF and UBL.</summary>
internal static class DocumentEndpoints
{
    private const string Html = "text/html; charset=utf-8";
    private const string Pdf = "application/pdf";
    private const string Xml = "application/xml; charset=utf-8";

    public static void MapDocuments(this IEndpointRouteBuilder api)
    {
        var invoices = api.MapGroup("/invoicing/invoices").WithTags("Invoicing").Requires("invoices");
        invoices.MapGet("/{id}/html", InvoiceHtmlAsync).WithSummary("The invoice as a page that prints well").WithMetadata(new FileType(Html));
        invoices.MapGet("/{id}/pdf", InvoicePdfAsync).WithSummary("The invoice as PDF").WithMetadata(new FileType(Pdf));
        invoices.MapGet("/{id}/ubl", InvoiceUblAsync).WithSummary("The issued invoice as UBL 2.1 after EN 16931, for e-invoicing").WithMetadata(new FileType(Xml));
        var memos = api.MapGroup("/invoicing/credit-memos").WithTags("Invoicing").Requires("credit-memos");
        memos.MapGet("/{id}/html", MemoHtmlAsync).WithSummary("The credit memo as a page that prints well").WithMetadata(new FileType(Html));
        memos.MapGet("/{id}/pdf", MemoPdfAsync).WithSummary("The credit memo as PDF").WithMetadata(new FileType(Pdf));
        memos.MapGet("/{id}/ubl", MemoUblAsync).WithSummary("The credit memo as UBL 2.1 after EN 16931").WithMetadata(new FileType(Xml));
    }

    internal static async Task<FileResult> InvoiceHtmlAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (invoice, parties) = await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(Encoding.UTF8.GetBytes(DocumentHtml.Write(DocumentText.Of(invoice, parties))), Html, $"{NameOf(invoice)}.html");
    }

    internal static async Task<FileResult> InvoicePdfAsync(string id, Caller caller, Billing billing, RestOptions options, CancellationToken cancellationToken)
    {
        var (invoice, parties) = await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(DocumentPdf.Write(locale => DocumentText.Of(invoice, parties with { Locale = locale }), parties.Locale, [.. options.PdfFonts]), Pdf, $"{NameOf(invoice)}.pdf");
    }

    internal static async Task<FileResult> InvoiceUblAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (invoice, parties) = await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(UblDocument.Of(invoice, parties), Xml, $"{NameOf(invoice)}.xml");
    }

    internal static async Task<FileResult> MemoHtmlAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (memo, invoice, parties) = await MemoAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(Encoding.UTF8.GetBytes(DocumentHtml.Write(DocumentText.Of(memo, invoice, parties))), Html, $"{memo.DisplayNumber}.html");
    }

    internal static async Task<FileResult> MemoPdfAsync(string id, Caller caller, Billing billing, RestOptions options, CancellationToken cancellationToken)
    {
        var (memo, invoice, parties) = await MemoAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(DocumentPdf.Write(locale => DocumentText.Of(memo, invoice, parties with { Locale = locale }), parties.Locale, [.. options.PdfFonts]), Pdf, $"{memo.DisplayNumber}.pdf");
    }

    internal static async Task<FileResult> MemoUblAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var (memo, invoice, parties) = await MemoAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return new(UblDocument.Of(memo, invoice, parties), Xml, $"{memo.DisplayNumber}.xml");
    }

    private static async Task<(Invoice Invoice, DocumentParties Parties)> InvoiceAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var invoice = await billing.Invoices.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return (invoice, await billing.Documents.PartiesAsync(invoice, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<(CreditMemo Memo, Invoice Invoice, DocumentParties Parties)> MemoAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var memo = await billing.CreditMemos.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        var (invoice, parties) = await InvoiceAsync(memo.Invoice.ToString(), caller, billing, cancellationToken).ConfigureAwait(false);
        return (memo, invoice, parties);
    }

    private static string NameOf(Invoice invoice) => invoice.DisplayNumber ?? invoice.Id.ToString();
}
