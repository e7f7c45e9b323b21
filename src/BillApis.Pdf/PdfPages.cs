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
    private readonly PdfLetters _letters;
    private readonly ImmutableArray<string> _families;
    private readonly Dictionary<(int Font, int Size, bool Bold), XFont> _made = [];
    private XGraphics _page;

    public PdfPages(PdfDocument pdf, DocumentText text, PdfLetters letters)
    {
        (_pdf, _text, _letters, _families) = (pdf, text, letters, [.. letters.Fonts.Select(FontFiles.Add)]);
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
    public void Write(string text, int x, int y, int size, bool bold = false, bool faint = false, bool right = false)
    {
        var runs = _letters.RunsOf(text);
        var left = (XUnitPt)(x - (right ? WidthOf(runs, size, bold) : 0));
        foreach (var run in runs)
        {
            _page.DrawString(run.Text, FontOf(run.Font, size, bold), faint ? Faint : Ink, left.Point, y, XStringFormats.BaseLineLeft);
            left += WidthOf([run], size, bold);
        }
    }

    public void Line(int y, int from = Left, bool dark = false) => _page.DrawLine(dark ? Dark : Light, from, y, Right, y);

    /// <summary>A text cut into lines that are not wider than there is room; what stands on lines of its own stays there.</summary>
    public IReadOnlyList<string> Wrap(string text, int size, int width, bool bold = false)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split([' ', '\t']).SelectMany(word => Pieces(word, size, width, bold)))
            {
                var longer = line.Length == 0 ? word : $"{line} {word}";
                if (line.Length > 0 && IsWider(longer, size, width, bold))
                {
                    lines.Add(line);
                    longer = word;
                }

                line = longer;
            }

            lines.Add(line);
        }

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

    // A word that is wider than there is room is cut where it has to be, between two letters with their marks.
    private IEnumerable<string> Pieces(string word, int size, int width, bool bold)
    {
        var rest = word;
        while (IsWider(rest, size, width, bold))
        {
            var fitting = StringInfo.GetNextTextElementLength(rest);
            for (var next = fitting; next < rest.Length && !IsWider(rest[..next], size, width, bold); next += StringInfo.GetNextTextElementLength(rest.AsSpan(next)))
            {
                fitting = next;
            }

            if (fitting == rest.Length)
            {
                break;
            }

            yield return rest[..fitting];
            rest = rest[fitting..];
        }

        yield return rest;
    }

    private bool IsWider(string text, int size, int width, bool bold) => WidthOf(_letters.RunsOf(text), size, bold) > width;

    private XUnitPt WidthOf(IEnumerable<PdfRun> runs, int size, bool bold) => runs.Aggregate(XUnitPt.Zero, (sum, run) => sum + _page.MeasureString(run.Text, FontOf(run.Font, size, bold)).Width);

    private XGraphics Begin()
    {
        var page = _pdf.AddPage();
        page.Size = PageSize.A4;
        return XGraphics.FromPdfPage(page);
    }

    private XFont FontOf(int font, int size, bool bold) =>
        _made.TryGetValue((font, size, bold), out var made) ? made : _made[(font, size, bold)] = new XFont(_families[font], size, bold ? XFontStyleEx.Bold : XFontStyleEx.Regular);
}
