using System.Globalization;
using System.Net;
using System.Text;

namespace BillApis.Invoicing;

/// <summary>Writes a document as one HTML page that prints well and loads nothing.</summary>
public static class DocumentHtml
{
    private const string Style =
        """
        @page{size:A4;margin:18mm 16mm}
        *{box-sizing:border-box;overflow-wrap:break-word}
        body{margin:0 auto;max-width:180mm;font:10pt/1.45 Inter,"Noto Sans","Noto Sans Devanagari","Noto Sans JP",system-ui,sans-serif;color:#1c2430}
        header{display:flex;justify-content:space-between;gap:3mm 10mm;border-bottom:2px solid #1c2430;padding-bottom:5mm}
        header>*,.parties section{min-width:0}header>div{flex:none;max-width:45%}
        h1{font-size:20pt;margin:0;line-height:1.15}
        .number{font-size:11pt;color:#5a6675}
        .parties{display:grid;grid-template-columns:1fr 1fr;gap:5mm 10mm;margin:7mm 0}
        h2{font-size:8pt;letter-spacing:.06em;text-transform:uppercase;color:#5a6675;margin:0 0 1mm}
        address{font-style:normal}
        .name{font-weight:600}
        dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.5mm 5mm;margin:0}
        dt{color:#5a6675}
        dd{margin:0;text-align:right}
        table{width:100%;border-collapse:collapse;table-layout:fixed;font-variant-numeric:tabular-nums}
        thead{display:table-header-group}
        th{font-size:8pt;text-transform:uppercase;letter-spacing:.06em;color:#5a6675;text-align:right;vertical-align:bottom;border-bottom:1px solid #aab3bf;padding:1.5mm 0 1.5mm 3mm;width:17%}
        td{text-align:right;vertical-align:top;border-bottom:1px solid #e3e7ec;padding:2mm 0 2mm 3mm}
        th:first-child,td:first-child{text-align:left;padding-left:0}
        th:first-child{width:auto}
        th:last-child{width:20%}
        tr{break-inside:avoid}
        .lines tbody th{font-size:10pt;text-transform:none;letter-spacing:normal;color:#1c2430;padding:4mm 0 1.5mm;break-after:avoid}
        .lines .subtotal td{font-weight:600;break-before:avoid}
        .period{display:block;font-size:8.5pt;color:#5a6675}
        .totals{width:62%;margin:5mm 0 0 auto;break-inside:avoid}
        .totals td{border:0;padding:.8mm 0 .8mm 3mm}
        .totals td:last-child{width:46%}
        .totals .sum td{font-weight:600;border-top:1px solid #1c2430;padding-top:1.8mm}
        .note{margin:7mm 0 0;color:#5a6675;white-space:pre-line}
        @media screen{body{padding:8mm 5mm;max-width:190mm}}
        @media screen and (max-width:160mm){header,.parties{display:block}dl{margin-top:4mm}.parties section+section{margin-top:5mm}.totals{width:100%}.totals td:first-child{padding-left:0}.totals td:last-child{width:50%}
        .lines tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));column-gap:2mm}.lines th:first-child,.lines td:first-child{grid-column:1/-1}.lines th,.lines td{border:0;padding:.5mm 0;width:auto}
        .lines tr{border-bottom:1px solid #e3e7ec;padding:1.5mm 0}.lines thead tr{border-color:#aab3bf}.lines th:nth-child(2),.lines td:nth-child(2){text-align:left}.lines.short tr{grid-template-columns:1fr auto}.lines.short th:first-child,.lines.short td:first-child{grid-column:auto}
        .lines .section th{grid-column:1/-1;padding-top:2mm}.lines .subtotal td:first-child{grid-column:1/span 2}.lines .subtotal td:last-child{text-align:right}.lines.short .subtotal td:first-child{grid-column:auto}}
        """;

    /// <summary>The whole page.</summary>
    public static string Write(DocumentText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (page, locale) = (new StringBuilder(), text.Locale);
        page.Append("<!DOCTYPE html>\n<html lang=\"").Append(locale.Tag).Append("\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>")
            .Append(Text($"{text.Title} {text.Number}".TrimEnd())).Append("</title><style>\n").Append(Style).Append('\n').Append(PageNumbers(text)).Append("\n</style></head>\n<body>\n");
        page.Append("<header><div><h1>").Append(Text(text.Title)).Append("</h1><div class=\"number\">").Append(Text(text.Number ?? "")).Append("</div></div><dl>");
        foreach (var field in text.Fields)
        {
            page.Append("<dt>").Append(Text(field.Label)).Append("</dt><dd>").Append(Text(field.Value)).Append("</dd>");
        }

        page.Append("</dl></header>\n<div class=\"parties\">");
        Party(page, locale[InvoiceLabel.Seller], text.Seller, locale);
        Party(page, locale[InvoiceLabel.BillTo], text.Customer, locale);
        page.Append("</div>\n");
        Rows(page, text);
        page.Append("<table class=\"totals\"><tbody>");
        foreach (var total in text.Totals)
        {
            page.Append(total.IsSum ? "<tr class=\"sum\"><td>" : "<tr><td>").Append(Text(total.Label)).Append("</td><td>").Append(Text(total.Value)).Append("</td></tr>");
        }

        page.Append("</tbody></table>\n");
        foreach (var note in text.Notes)
        {
            page.Append("<p class=\"note\">").Append(Text(note)).Append("</p>\n");
        }

        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void Party(StringBuilder page, string label, InvoiceParty party, InvoiceLocale locale)
    {
        page.Append("<section><h2>").Append(Text(label)).Append("</h2><address><span class=\"name\">").Append(Text(party.Name)).Append("</span>");
        foreach (var line in DocumentParties.AddressOf(party))
        {
            page.Append("<br>").Append(Text(line));
        }

        if (party.TaxId is { } tax)
        {
            page.Append("<br>").Append(Text($"{locale[InvoiceLabel.TaxNumber]}: {tax}"));
        }

        page.Append("</address></section>");
    }

    private static void Rows(StringBuilder page, DocumentText text)
    {
        page.Append(text.HasQuantities ? "<table class=\"lines\"><thead><tr>" : "<table class=\"lines short\"><thead><tr>");
        foreach (var label in text.Columns)
        {
            page.Append("<th scope=\"col\">").Append(Text(text.Locale[label])).Append("</th>");
        }

        page.Append("</tr></thead>");
        foreach (var section in text.Sections)
        {
            page.Append("<tbody>\n");
            if (section.Heading is { } heading)
            {
                page.Append(CultureInfo.InvariantCulture, $"<tr class=\"section\"><th scope=\"rowgroup\" colspan=\"{text.Columns.Length}\">{Text(heading)}</th></tr>\n");
            }

            Rows(page, section, text.HasQuantities);
            if (section.Subtotal is { } subtotal)
            {
                page.Append(CultureInfo.InvariantCulture, $"<tr class=\"subtotal\"><td colspan=\"{text.Columns.Length - 1}\">{Text(text.Locale[InvoiceLabel.Subtotal])}</td><td>{Text(subtotal)}</td></tr>\n");
            }

            page.Append("</tbody>");
        }

        page.Append("</table>\n");
    }

    private static void Rows(StringBuilder page, DocumentSection section, bool hasQuantities)
    {
        foreach (var row in section.Rows)
        {
            page.Append("<tr><td>").Append(Text(row.Description));
            if (row.Period is { } period)
            {
                page.Append("<span class=\"period\">").Append(Text(period)).Append("</span>");
            }

            if (hasQuantities)
            {
                page.Append("</td><td>").Append(Text(row.Quantity)).Append("</td><td>").Append(Text(row.UnitPrice));
            }

            page.Append("</td><td>").Append(Text(row.Amount)).Append("</td></tr>\n");
        }
    }

    // Each printed sheet says whose it is and which of how many.
    private static string PageNumbers(DocumentText text) =>
        $"@page{{@bottom-right{{content:\"{Quoted(text.Number is { } number ? number + " · " : "")}{Quoted(text.Locale[InvoiceLabel.Page])} \" counter(page) \" / \" counter(pages);font:8pt sans-serif;color:#5a6675}}}}";

    private static string Quoted(string text) => string.Concat(text.EnumerateRunes().Select(rune => Rune.IsLetterOrDigit(rune) ? rune.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\{rune.Value:x} ")));

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
