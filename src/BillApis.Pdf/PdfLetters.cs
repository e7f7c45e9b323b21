using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace BillApis.Pdf;

/// <summary>Which font writes which letters of a text.</summary>
internal sealed partial class PdfLetters(ImmutableArray<PdfFont> fonts)
{
    // What runs from right to left, or whose letters change their order and form with their neighbours: PDFsharp writes letter after letter.
    private static readonly UnicodeRange[] Joined = [
        UnicodeRanges.Hebrew, UnicodeRanges.Arabic, UnicodeRanges.Syriac, UnicodeRanges.ArabicSupplement, UnicodeRanges.Thaana, UnicodeRanges.NKo, UnicodeRanges.ArabicExtendedA, UnicodeRanges.Bengali, UnicodeRanges.Gurmukhi,
        UnicodeRanges.Gujarati, UnicodeRanges.Oriya, UnicodeRanges.Tamil, UnicodeRanges.Telugu, UnicodeRanges.Kannada, UnicodeRanges.Malayalam, UnicodeRanges.Sinhala, UnicodeRanges.Tibetan, UnicodeRanges.Myanmar,
        UnicodeRanges.Khmer, UnicodeRanges.Mongolian, UnicodeRanges.Balinese, UnicodeRanges.Javanese, UnicodeRanges.ArabicPresentationFormsA, UnicodeRanges.ArabicPresentationFormsB];

    private readonly Dictionary<int, int?> _fontOf = [];

    /// <summary>The fonts, in the order in which they are asked.</summary>
    public ImmutableArray<PdfFont> Fonts { get; } = fonts;

    /// <summary>Whether each letter of a text can be written.</summary>
    public bool CanWrite(string text) => text.EnumerateRunes().All(rune => Rune.IsWhiteSpace(rune) || IsLeftOut(rune) || FontOf(rune) is not null);

    /// <summary>A text cut where the font changes; pictures and marks of layout that no font has are left out.</summary>
    /// <exception cref="BillingException">A letter cannot be written.</exception>
    public IReadOnlyList<PdfRun> RunsOf(string text)
    {
        var runs = new List<PdfRun>();
        foreach (var letter in InOrderOfWriting(text).EnumerateRunes())
        {
            var rune = Rune.IsWhiteSpace(letter) && FontOf(letter) is null ? new Rune(' ') : letter;
            if (FontOf(rune) is { } font)
            {
                // A space or a sign that the font of the letters before it has as well stays with them.
                var stays = runs.Count > 0 && !Rune.IsLetterOrDigit(rune) && Fonts[runs[^1].Font].Covers(rune.ToString());
                if (stays || (runs.Count > 0 && runs[^1].Font == font))
                {
                    runs[^1] = runs[^1] with { Text = runs[^1].Text + rune };
                }
                else
                {
                    runs.Add(new PdfRun(font, rune.ToString()));
                }
            }
            else if (!IsLeftOut(rune))
            {
                throw Missing(text, rune);
            }
        }

        return runs;
    }

    // The Devanagari vowel sign I stands before the letter that it is spoken after.
    private static string InOrderOfWriting(string text) => VowelSignI().Replace(text, "\u093F$1");

    private static BillingException Missing(string text, Rune rune)
    {
        var letter = string.Create(CultureInfo.InvariantCulture, $"'{rune}' (U+{rune.Value:X4})");
        return new(BillingErrorCode.Conflict, IsJoined(rune)
            ? $"The PDF cannot be written: the letter {letter} of '{text}' belongs to a script that is not written letter after letter. The HTML document has it."
            : $"The PDF cannot be written: no font has the letter {letter} of '{text}'. Name a TrueType font that has it in the setting Billing:Pdf:Fonts, or take the HTML document.");
    }

    private int? FontOf(Rune rune)
    {
        if (!_fontOf.TryGetValue(rune.Value, out var known))
        {
            var text = rune.ToString();
            _fontOf[rune.Value] = known = IsJoined(rune) ? null : Enumerable.Range(0, Fonts.Length).Where(i => Fonts[i].Covers(text)).Select(i => (int?)i).FirstOrDefault();
        }

        return known;
    }

    private static bool IsJoined(Rune rune) => Array.Exists(Joined, range => rune.Value >= range.FirstCodePoint && rune.Value < range.FirstCodePoint + range.Length);

    private static bool IsLeftOut(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherSymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.Format or UnicodeCategory.Control
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned || rune.Value is >= 0xFE00 and <= 0xFE0F;

    [GeneratedRegex("([\u0915-\u0939\u0958-\u095F\u0978-\u097F]\u093C?)\u093F")]
    private static partial Regex VowelSignI();
}

/// <summary>A part of a text, and the place of the font that writes it.</summary>
internal sealed record PdfRun(int Font, string Text);
