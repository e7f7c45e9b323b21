using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using PdfSharp;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace BillApis.Pdf;

/// <summary>The pages of a document, in whole points, and where the next thing is drawn; a new page is begun where it would not fit.</summary>
internal sealed class PdfPages : IDisposable
{
    public const int Left = 48;
    public const int Right = 547;
    private const int Top = 52;
    private const int Bottom = 780;

    private static readonly XSolidBrush Ink = new(XColor.FromArgb(28, 36, 48));
    private static readonly XSolidBrush Faint = new(XColor.FromArgb(90, 102, 117));
    private static readonly XPen Dark = new(XColor.FromArgb(28, 36, 48), 1);
    private static readonly XPen Light = new(XColor.FromArgb(214, 220, 228), 1);
    private readonly PdfDocument _pdf;
    private readonly DocumentText _text;
    private readonly ImmutableArray<(PdfFont Font, string Family)> _fonts;
    private readonly Dictionary<(string Family, int Size, bool Bold), XFont> _made = [];
    private XGraphics _page;

    public PdfPages(PdfDocument pdf, DocumentText text, ImmutableArray<PdfFont> fonts)
    {
        (_pdf, _text, _fonts) = (pdf, text, [.. fonts.Select(font => (font, FontFiles.Add(font)))]);
        _page = Begin();
    }

    /// <summary>How far down the page is filled.</summary>
    public int Y { get; set; } = Top;

    /// <summary>Begins a new page where this one has no room for a height.</summary>
    /// <returns>Whether it did.</returns>
    public bool Need(int height)
    {
        if (Y + height <= Bottom)
        {
            return false;
        }

        _page.Dispose();
        (_page, Y) = (Begin(), Top);
        return true;
    }

    /// <summary>Writes a text whose letters stand on a height; <paramref name="right"/> says that it ends at <paramref name="x"/> rather than begins there.</summary>
    public void Write(string text, int x, int y, int size, bool bold = false, bool faint = false, bool right = false) =>
        _page.DrawString(text, FontOf(text, size, bold), faint ? Faint : Ink, x, y, right ? XStringFormats.BaseLineRight : XStringFormats.BaseLineLeft);

    public void Line(int y, int from = Left, bool dark = false) => _page.DrawLine(dark ? Dark : Light, from, y, Right, y);

    /// <summary>A text cut into lines that are not wider than there is room.</summary>
    public IReadOnlyList<string> Wrap(string text, int size, int width)
    {
        var (lines, line) = (new List<string>(), "");
        foreach (var word in text.Split(' ').SelectMany(word => Pieces(word, size, width)))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && IsWider(longer, size, width))
            {
                lines.Add(line);
                longer = word;
            }

            line = longer;
        }

        lines.Add(line);
        return lines;
    }

    /// <summary>Numbers the pages, once all are there.</summary>
    public void Dispose()
    {
        _page.Dispose();
        for (var i = 0; i < _pdf.PageCount; i++)
        {
            using (_page = XGraphics.FromPdfPage(_pdf.Pages[i]))
            {
                var number = string.Create(CultureInfo.InvariantCulture, $"{_text.Locale[InvoiceLabel.Page]} {i + 1} / {_pdf.PageCount}");
                Write(_text.Number is { } own ? $"{own} · {number}" : number, Right, 812, 8, faint: true, right: true);
            }
        }
    }

    // A word that is wider than there is room is cut where it has to be.
    private IEnumerable<string> Pieces(string word, int size, int width)
    {
        for (var rest = word; ;)
        {
            var length = rest.Length;
            while (length > 1 && IsWider(rest[..length], size, width))
            {
                length--;
            }

            yield return rest[..length];
            if (length == rest.Length)
            {
                yield break;
            }

            rest = rest[length..];
        }
    }

    private bool IsWider(string text, int size, int width) => _page.MeasureString(text, FontOf(text, size, bold: false)).Width > width;

    private XGraphics Begin()
    {
        var page = _pdf.AddPage();
        page.Size = PageSize.A4;
        return XGraphics.FromPdfPage(page);
    }

    private XFont FontOf(string text, int size, bool bold)
    {
        var family = _fonts.Where(font => font.Font.Covers(text)).Select(font => font.Family).FirstOrDefault(_fonts[0].Family);
        return _made.TryGetValue((family, size, bold), out var made) ? made : _made[(family, size, bold)] = new XFont(family, size, bold ? XFontStyleEx.Bold : XFontStyleEx.Regular);
    }
}
