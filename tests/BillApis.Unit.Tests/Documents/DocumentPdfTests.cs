using System.Globalization;
using System.Text.RegularExpressions;
using BillApis.Invoicing;
using BillApis.Pdf;
using BillApis.Unit.Tests.Invoicing;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;

namespace BillApis.Unit.Tests.Documents;

public sealed class DocumentPdfTests
{
    [Theory]
    [InlineData("en", "Invoice", "Amount due", "$156.77")]
    [InlineData("de", "Rechnung", "Offener Betrag", "156,77 $")]
    [InlineData("fr", "Facture", "Montant dû", "156,77 $US")]

    // The font that comes along has no Devanagari and no Japanese letters: those documents are in English.
    [InlineData("hi", "Invoice", "Amount due", "$156.77")]
    [InlineData("ja", "Invoice", "Amount due", "$156.77")]
    public void Its_text_has_title_and_totals(string locale, string title, string label, string due)
    {
        var pages = Read(Write(Parties.Documented(), locale));
        pages.Count.ShouldBe(1);
        var lines = LinesOf(pages[0]);
        lines.ShouldContain(line => line.StartsWith(title, StringComparison.Ordinal));
        lines.ShouldContain($"{label} {due}");
        lines.ShouldContain(line => line.Contains("INV-000042", StringComparison.Ordinal));
        lines.ShouldContain(line => line.Contains("Beispiel & Söhne <AG>", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_line_of_a_long_invoice_is_on_one_of_its_pages_and_they_add_up()
    {
        var lines = Enumerable.Range(1, 90).Select(i => Bills.Line(i / 100m) with { Description = string.Create(CultureInfo.InvariantCulture, $"Service number {i} of a name that is long enough to need a second line of its own") });
        var invoice = Bills.Draft([.. lines]).Issue(Bills.Now, 30) with { Number = 43 };
        var pages = Read(Write(invoice, "en"));
        pages.Count.ShouldBeGreaterThan(3);
        var amounts = new List<decimal>();
        foreach (var (page, i) in pages.Select((page, i) => (page, i)))
        {
            var text = LinesOf(page);
            text.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"INV-000043 · Page {i + 1} / {pages.Count}"));
            amounts.AddRange(text.Select(line => Regex.Match(line, @"^Service number \d+ .* 1 \$(\d+\.\d\d)$")).Where(match => match.Success).Select(match => decimal.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)));
            page.GetWords().ShouldAllBe(word => word.BoundingBox.Left >= 40 && word.BoundingBox.Right <= 560 && word.BoundingBox.Bottom >= 20 && word.BoundingBox.Top <= 815, "nothing is cut off");
        }

        // 0.01 + 0.02 + … + 0.90 = 90 × 91 ÷ 2 cents.
        amounts.Count.ShouldBe(90);
        amounts.Sum().ShouldBe(40.95m);
        LinesOf(pages[^1]).ShouldContain("Total $40.95");
    }

    [Fact]
    public void A_credit_memo_names_its_invoice_and_reason()
    {
        var invoice = Parties.Documented();
        var memo = Parties.Memo(invoice, CreditableLines.Of(invoice, []).Spread(Bills.Dollars(20)));
        var lines = LinesOf(Read(DocumentPdf.Write(locale => DocumentText.Of(memo, invoice, Parties.Of("en") with { Locale = locale }), InvoiceLocale.Of("en"), [])).Single());
        lines.ShouldContain(line => line.Contains("CRM-000003", StringComparison.Ordinal));
        lines.ShouldContain("Total $20.00");
        string.Join('\n', lines).ShouldContain("Too much");
    }

    [Fact]
    public void The_font_is_in_the_file_and_writes_the_signs_of_currencies()
    {
        PdfFont.Inter.Covers("ÄÖÜß éèçœ ₹€£¥$ – ’ ·").ShouldBeTrue();
        PdfFont.Inter.Covers("चालान").ShouldBeFalse();
        PdfFont.Inter.Covers("請求書").ShouldBeFalse();
        using var pdf = PdfDocument.Open(Write(Parties.Documented(), "en"));
        pdf.GetPage(1).Letters.Select(letter => letter.FontName!.Split('+')[^1]).Distinct().ShouldAllBe(name => name.StartsWith("Inter", StringComparison.Ordinal));
    }

    [Fact]
    public void A_font_that_an_application_brings_writes_what_the_other_lacks()
    {
        // Inter under another name, as if it were a font of the application's own.
        var own = PdfFont.Inter with { Name = "Own" };
        var read = LinesOf(Read(DocumentPdf.Write(locale => DocumentText.Of(Parties.Documented(), Parties.Of("de") with { Locale = locale }), InvoiceLocale.Of("de"), [own])).Single());
        read.ShouldContain("Offener Betrag 156,77 $");
    }

    private static byte[] Write(Invoice invoice, string locale) =>
        DocumentPdf.Write(language => DocumentText.Of(invoice, Parties.Of(locale) with { Locale = language }), InvoiceLocale.Of(locale), []);

    private static List<Page> Read(byte[] file)
    {
        var pdf = PdfDocument.Open(file);
        return [.. pdf.GetPages()];
    }

    // The words of each height, from left to right.
    private static List<string> LinesOf(Page page) => [.. page.GetWords().GroupBy(word => (int)word.Letters[0].StartBaseLine.Y)
        .Select(line => string.Join(' ', line.OrderBy(word => word.BoundingBox.Left).Select(word => word.Text)).Replace('\u00A0', ' ').Replace('\u202F', ' '))];
}
