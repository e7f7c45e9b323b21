using BillApis.Invoicing;
using static BillApis.Pdf.PdfPages;

namespace BillApis.Pdf;

/// <summary>Where what of a document stands on its pages.</summary>
internal static class PdfLayout
{
    private const int Small = 8;
    private const int Normal = 9;
    private const int Middle = 300;
    private const int FieldsAt = 262;
    private const int QuantityAt = 362;
    private const int UnitPriceAt = 447;
    private const int NumberWidth = 78;

    public static void Draw(PdfPages pages, DocumentText text)
    {
        Head(pages, text);
        var bottom = Math.Max(Party(pages, text.Locale[InvoiceLabel.Seller], text.Seller, text.Locale, Left), Party(pages, text.Locale[InvoiceLabel.BillTo], text.Customer, text.Locale, Middle));
        pages.Y = bottom + 26;
        Columns(pages, text);
        foreach (var section in text.Sections)
        {
            Section(pages, section, text);
        }

        Totals(pages, text);
        foreach (var note in text.Notes)
        {
            pages.Y += 11;
            foreach (var line in pages.Wrap(note, Normal, Right - Left))
            {
                pages.Need(13);
                pages.Y += 13;
                pages.Write(line, Left, pages.Y, Normal, faint: true);
            }
        }
    }

    private static void Head(PdfPages pages, DocumentText text)
    {
        pages.Write(text.Title, Left, pages.Y + 14, 22, bold: true);
        if (text.Number is { } number)
        {
            pages.Write(number, Left, pages.Y + 32, 11, faint: true);
        }

        var y = pages.Y;
        foreach (var field in text.Fields)
        {
            foreach (var (line, i) in pages.Wrap(field.Value, Normal, Right - FieldsAt - 108).Select((line, i) => (line, i)))
            {
                pages.Write(i == 0 ? field.Label : "", FieldsAt, y, Normal, faint: true);
                pages.Write(line, Right, y, Normal, right: true);
                y += 14;
            }
        }

        pages.Y = Math.Max(y, pages.Y + 44) + 4;
        pages.Line(pages.Y, dark: true);
        pages.Y += 24;
    }

    private static int Party(PdfPages pages, string label, InvoiceParty party, InvoiceLocale locale, int x)
    {
        var y = pages.Y;
        pages.Write(label, x, y, Small, faint: true);
        y += 14;
        foreach (var line in pages.Wrap(party.Name, Normal, Middle - Left - 20, bold: true))
        {
            pages.Write(line, x, y, Normal, bold: true);
            y += 13;
        }

        string[] tax = party.TaxId is { } id ? [$"{locale[InvoiceLabel.TaxNumber]}: {id}"] : [];
        foreach (var line in DocumentParties.AddressOf(party).Concat(tax).SelectMany(line => pages.Wrap(line, Normal, Middle - Left - 20)))
        {
            pages.Write(line, x, y, Normal);
            y += 13;
        }

        return y;
    }

    private static void Columns(PdfPages pages, DocumentText text)
    {
        pages.Write(text.Locale[InvoiceLabel.Description], Left, pages.Y, Small, faint: true);
        foreach (var (label, end) in text.Columns.Skip(1).Reverse().Zip((int[])[Right, UnitPriceAt, QuantityAt]))
        {
            pages.Write(text.Locale[label], end, pages.Y, Small, faint: true, right: true);
        }

        pages.Line(pages.Y + 6, dark: true);
        pages.Y += 20;
    }

    private static void Section(PdfPages pages, DocumentSection section, DocumentText text)
    {
        if (section.Heading is { } heading)
        {
            // It never stands at the foot of a page, without a line below it.
            var lines = pages.Wrap(heading, Normal, Right - Left, bold: true);
            if (pages.Need((13 * lines.Count) + 60))
            {
                Columns(pages, text);
            }

            pages.Y += 6;
            foreach (var line in lines)
            {
                pages.Write(line, Left, pages.Y, Normal, bold: true);
                pages.Y += 13;
            }

            pages.Y += 4;
        }

        foreach (var row in section.Rows)
        {
            Row(pages, row, text);
        }

        if (section.Subtotal is { } subtotal)
        {
            pages.Need(20);
            pages.Write(text.Locale[InvoiceLabel.Subtotal], Left, pages.Y, Normal, bold: true);
            pages.Write(subtotal, Right, pages.Y, Normal, bold: true, right: true);
            pages.Line(pages.Y + 8);
            pages.Y += 23;
        }
    }

    private static void Row(PdfPages pages, DocumentRow row, DocumentText text)
    {
        var lines = pages.Wrap(row.Description, Normal, text.HasQuantities ? QuantityAt - Left - NumberWidth - 8 : Right - Left - 110);
        var numbers = new (string Text, int End)[] { (row.Quantity, QuantityAt), (row.UnitPrice, UnitPriceAt), (row.Amount, Right) }
            .Select(cell => (Lines: pages.Wrap(cell.Text, Normal, cell.End == Right ? Right - UnitPriceAt - 7 : NumberWidth), cell.End)).ToList();
        var height = 13 * Math.Max(lines.Count, numbers.Max(cell => cell.Lines.Count));
        if (pages.Need(height + 22))
        {
            Columns(pages, text);
        }

        foreach (var (cell, end) in numbers)
        {
            Down(pages, cell, end, right: true);
        }

        Down(pages, lines, Left, right: false);
        if (row.Period is { } period)
        {
            pages.Write(period, Left, pages.Y + (13 * lines.Count), Small, faint: true);
            height = Math.Max(height, (13 * lines.Count) + 12);
        }

        pages.Y += height;
        pages.Line(pages.Y - 5);
        pages.Y += 10;
    }

    private static void Down(PdfPages pages, IReadOnlyList<string> lines, int x, bool right)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            pages.Write(lines[i], x, pages.Y + (13 * i), Normal, right: right);
        }
    }

    private static void Totals(PdfPages pages, DocumentText text)
    {
        pages.Need((17 * text.Totals.Length) + 10);
        pages.Y += 8;
        foreach (var total in text.Totals)
        {
            var lines = pages.Wrap(total.Label, Normal, Right - Middle - 110, total.IsSum);
            pages.Need((13 * lines.Count) + 6);
            if (total.IsSum)
            {
                pages.Line(pages.Y - 11, from: Middle, dark: true);
            }

            pages.Write(total.Value, Right, pages.Y, Normal, total.IsSum, right: true);
            foreach (var line in lines)
            {
                pages.Write(line, Middle, pages.Y, Normal, total.IsSum);
                pages.Y += 13;
            }

            pages.Y += 4;
        }
    }
}
