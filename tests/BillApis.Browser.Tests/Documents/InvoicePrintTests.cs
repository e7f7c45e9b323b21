using System.Globalization;
using BillApis.Unit.Tests.Documents;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;

namespace BillApis.Browser.Tests.Documents;

/// <summary>The HTML of documents as a browser prints it.</summary>
public sealed class InvoicePrintTests(Chromium browser)
{
    [Fact]
    public async Task A_long_invoice_fills_pages_of_A4_that_all_have_the_heads_of_the_columns()
    {
        var pages = await PrintAsync(DocumentText.Of(SampleDocuments.Long(), Parties.Of("en")), "long");
        pages.Count.ShouldBeGreaterThan(5);
        var amounts = new List<decimal>();
        foreach (var page in pages)
        {
            (Math.Round(page.Width), Math.Round(page.Height)).ShouldBe((595, 842));
            // 16 mm are 45 points, 18 mm are 51; the number of the page stands below.
            var (words, below) = (page.GetWords().Where(word => word.BoundingBox.Top > 48).ToList(), page.GetWords().Where(word => word.BoundingBox.Top <= 48).Select(word => word.Text));
            string.Join(' ', below).ShouldBe(string.Create(CultureInfo.InvariantCulture, $"INV-000043 · Page {page.Number} / {pages.Count}"));
            words.ShouldAllBe(word => word.BoundingBox.Left >= 44 && word.BoundingBox.Right <= 551 && word.BoundingBox.Bottom >= 48 && word.BoundingBox.Top <= 793, "all words are within the margins");
            var numbers = words.Where((word, i) => i > 0 && words[i - 1].Text is "Service" && word.Text.All(char.IsAsciiDigit)).ToList();
            if (numbers.Count > 0)
            {
                words.Count(word => word.Text is "DESCRIPTION" or "QUANTITY" or "AMOUNT").ShouldBe(3);
                var head = words.Single(word => word.Text is "DESCRIPTION").BoundingBox.Bottom;
                numbers.ShouldAllBe(number => number.BoundingBox.Top < head);
            }

            foreach (var number in numbers)
            {
                // The amount stands at the right end of the line that begins with the number.
                var amount = words.Where(word => Math.Abs(word.BoundingBox.Bottom - number.BoundingBox.Bottom) < 4).MaxBy(word => word.BoundingBox.Right)!;
                amount.Text.ShouldBe(string.Create(CultureInfo.InvariantCulture, $"${decimal.Parse(number.Text, CultureInfo.InvariantCulture) / 100:F2}"));
                amounts.Add(decimal.Parse(amount.Text[1..], CultureInfo.InvariantCulture));
            }
        }

        // 0.01 + 0.02 + … + 2.00 = 200 × 201 ÷ 2 cents.
        amounts.Count.ShouldBe(200);
        amounts.Sum().ShouldBe(201m);
        pages[^1].Text.ShouldContain("$201.00");
    }

    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    [InlineData("fr")]
    [InlineData("hi")]
    [InlineData("ja")]
    public async Task A_short_one_is_one_page_with_all_of_it(string locale)
    {
        var page = (await PrintAsync(SampleDocuments.Documented(locale), $"print-{locale}")).ShouldHaveSingleItem();
        page.GetWords().Select(word => word.Text).ShouldContain("INV-000042");
        page.GetWords().ShouldAllBe(word => word.BoundingBox.Left >= 44 && word.BoundingBox.Right <= 551);
        var extreme = await PrintAsync(SampleDocuments.Extreme(locale), $"print-extreme-{locale}");
        extreme.SelectMany(sheet => sheet.GetWords()).ShouldAllBe(word => word.BoundingBox.Left >= 44 && word.BoundingBox.Right <= 551);
    }

    private async Task<List<Page>> PrintAsync(DocumentText text, string name)
    {
        var page = await browser.ShowAsync(DocumentHtml.Write(text));
        var file = await page.PdfAsync(new PagePdfOptions { PreferCSSPageSize = true, PrintBackground = true });
        await page.CloseAsync();
        await Chromium.KeepAsync(file, name);
        using var pdf = PdfDocument.Open(file);
        return [.. pdf.GetPages()];
    }
}
