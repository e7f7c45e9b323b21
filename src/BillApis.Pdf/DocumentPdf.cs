using System.Collections.Immutable;
using BillApis.Invoicing;
using PdfSharp.Pdf;

namespace BillApis.Pdf;

/// <summary>Writes documents as PDF: A4, with the fonts in it, the same on every machine.</summary>
public static class DocumentPdf
{
    /// <summary>The file of a document in the customer's language, or in English where no font has the letters of that.</summary>
    /// <param name="of">Makes the document's text in a language.</param>
    /// <param name="locale">The customer's language.</param>
    /// <param name="fonts">Fonts for letters that <see cref="PdfFont.Inter"/> lacks; the first that has a letter writes it.</param>
    /// <exception cref="BillingException">No font has a letter of a name or a description, or it belongs to a script that PDF files cannot be written in here: a document never shows something else in its place.</exception>
    public static byte[] Write(Func<InvoiceLocale, DocumentText> of, InvoiceLocale locale, ImmutableArray<PdfFont> fonts)
    {
        ArgumentNullException.ThrowIfNull(of);
        ArgumentNullException.ThrowIfNull(locale);
        var letters = new PdfLetters([PdfFont.Inter, .. fonts]);
        var text = of(Enum.GetValues<InvoiceLabel>().All(label => letters.CanWrite(locale[label])) ? locale : InvoiceLocale.Of("en"));
        using var pdf = new PdfDocument();
        pdf.Info.Title = $"{text.Title} {text.Number}".TrimEnd();
        pdf.Info.Author = text.Seller.Name;
        pdf.Info.Creator = "BillApis";
        pdf.Language = text.Locale.Tag;
        using (var pages = new PdfPages(pdf, text, letters))
        {
            PdfLayout.Draw(pages, text);
        }

        using var stream = new MemoryStream();
        pdf.Save(stream, closeStream: false);
        return stream.ToArray();
    }
}
