using System.Collections.Immutable;
using BillApis.Pdf;
using BillApis.Unit.Tests.Documents;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;

namespace BillApis.Browser.Tests.Documents;

/// <summary>PDF documents with letters that the font which comes along lacks.</summary>
public sealed class PdfScriptTests
{
    private static readonly ImmutableArray<PdfFont> Fonts = [PdfFont.Read(InstalledFonts.Devanagari), PdfFont.Read(InstalledFonts.Japanese)];

    [Fact]
    public async Task Each_letter_is_written_by_a_font_that_has_it()
    {
        var pages = await WriteAsync("ja", "Support サポート 東京 · Größe 5", Fonts);
        var letters = pages.SelectMany(page => page.Letters).Where(letter => char.IsLetterOrDigit(letter.Value[0])).ToList();
        letters.ShouldAllBe(letter => letter.FontName!.Contains(letter.Value[0] >= '\u3000' ? "IPA" : "Inter", StringComparison.Ordinal));
        string.Concat(pages[0].Letters.Select(letter => letter.Value)).ShouldContain("東京");
        pages[0].Text.ShouldContain("請求書");
    }

    [Fact]
    public async Task A_vowel_sign_that_is_spoken_after_its_letter_stands_before_it()
    {
        // "Hindi", as it is spelled: h i n virama d ii; as it is written: i h …
        var pages = await WriteAsync("hi", "हिन्दी सेवा", Fonts);
        var text = string.Concat(pages[0].Letters.Select(letter => letter.Value));
        text.ShouldContain("िहन्दी");
        text.ShouldContain("चालान");
        pages[0].Letters.Where(letter => letter.Value[0] is >= '\u0900' and <= '\u097F').ShouldAllBe(letter => letter.FontName!.Contains("Lohit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("サポート", "no font has the letter 'サ' (U+30B5)")]
    [InlineData("سعر", "belongs to a script that is not written letter after letter")]
    public async Task What_cannot_be_written_is_refused_rather_than_shown_as_a_box(string name, string why)
    {
        var refusal = await Should.ThrowAsync<BillingException>(() => WriteAsync("en", name, [Fonts[0]]));
        refusal.Code.ShouldBe(BillingErrorCode.Conflict);
        refusal.Message.ShouldContain(why);
        refusal.Message.ShouldContain("HTML document");
    }

    [Fact]
    public async Task Pictures_and_marks_that_are_no_letters_are_left_out() =>
        (await WriteAsync("en", "Pro 🚀\u200d plan", []))[0].GetWords().Select(word => word.Text).ShouldNotContain(word => word.Any(letter => letter > '\u2200'));

    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    [InlineData("fr")]
    [InlineData("hi")]
    [InlineData("ja")]
    public async Task Nothing_is_written_over_another_or_outside_of_the_page(string locale)
    {
        foreach (var (name, text) in new[] { ("extreme", SampleDocuments.Extreme(locale)), ("consolidated", SampleDocuments.Consolidated(locale)), ("consolidated-memo", SampleDocuments.ConsolidatedMemo(locale)) })
        {
            NothingIsOverAnother(await KeptAsync(DocumentPdf.Write(_ => text, InvoiceLocale.Of(locale), Fonts), $"pdf-{name}-{locale}"));
        }
    }

    private static void NothingIsOverAnother(IReadOnlyList<Page> pages)
    {
        foreach (var page in pages)
        {
            var words = page.GetWords().Where(word => word.Text.Any(char.IsLetterOrDigit)).ToList();
            words.ShouldAllBe(word => word.BoundingBox.Left >= 45 && word.BoundingBox.Right <= 550 && word.BoundingBox.Bottom >= 20 && word.BoundingBox.Top <= 815);

            // Letters of two words never share more than the rounding of their boxes.
            var boxes = page.Letters.Where(letter => letter.Value.Trim().Length > 0 && letter.Value[0] < '\u0900').ToList();
            for (var i = 0; i < boxes.Count; i++)
            {
                var (one, base1) = (boxes[i].BoundingBox, boxes[i].StartBaseLine.Y);
                boxes.Skip(i + 1).Where(other => Math.Abs(other.StartBaseLine.Y - base1) < 5 && Math.Min(other.BoundingBox.Right, one.Right) - Math.Max(other.BoundingBox.Left, one.Left) > 2)
                    .Select(other => other.Value).ShouldBeEmpty($"'{boxes[i].Value}' on page {page.Number}");
            }
        }
    }

    private static Task<List<Page>> WriteAsync(string locale, string name, ImmutableArray<PdfFont> fonts)
    {
        var invoice = Parties.Documented();
        invoice = invoice with { Lines = [invoice.Lines[0] with { Description = name }, invoice.Lines[1]] };
        return KeptAsync(DocumentPdf.Write(language => DocumentText.Of(invoice, Parties.Of(locale) with { Locale = language }), InvoiceLocale.Of(locale), fonts), $"pdf-{locale}-{name.Length}");
    }

    private static async Task<List<Page>> KeptAsync(byte[] file, string name)
    {
        await Chromium.KeepAsync(file, name);
        using var pdf = PdfDocument.Open(file);
        return [.. pdf.GetPages()];
    }
}
