using System.Net;
using System.Text;

namespace BillApis.Invoicing;

/// <summary>Writes a document as one HTML page that prints well and loads nothing.</summary>
public static class DocumentHtml
{
    private const string Style =
        """
        @page{size:A4;margin:18mm 16mm}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:180mm;padding:8mm 0;font:10pt/1.45 Inter,"Noto Sans","Noto Sans Devanagari","Noto Sans JP",system-ui,sans-serif;color:#1c2430}
        header{display:flex;justify-content:space-between;gap:10mm;border-bottom:2px solid #1c2430;padding-bottom:5mm}
        h1{font-size:20pt;margin:0;line-height:1.15}
        .number{font-size:11pt;color:#5a6675}
        .parties{display:flex;gap:10mm;margin:7mm 0}
        .parties section{flex:1}
        h2{font-size:8pt;letter-spacing:.06em;text-transform:uppercase;color:#5a6675;margin:0 0 1mm}
        address{font-style:normal}
        .name{font-weight:600}
        dl{display:grid;grid-template-columns:auto 1fr;gap:.5mm 5mm;margin:0}
        dt{color:#5a6675}
        dd{margin:0;text-align:right}
        table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
        thead{display:table-header-group}
        th{font-size:8pt;text-transform:uppercase;letter-spacing:.06em;color:#5a6675;text-align:right;border-bottom:1px solid #aab3bf;padding:1.5mm 0 1.5mm 3mm}
        td{text-align:right;vertical-align:top;border-bottom:1px solid #e3e7ec;padding:2mm 0 2mm 3mm;white-space:nowrap}
        th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal}
        tr{break-inside:avoid}
        .period{display:block;font-size:8.5pt;color:#5a6675}
        .totals{width:62%;margin:5mm 0 0 auto;break-inside:avoid}
        .totals td{border:0;padding:.8mm 0 .8mm 3mm}
        .totals .sum td{font-weight:600;border-top:1px solid #1c2430;padding-top:1.8mm}
        .note{margin-top:7mm;color:#5a6675}
        """;

    /// <summary>The whole page.</summary>
    public static string Write(DocumentText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (page, locale) = (new StringBuilder(), text.Locale);
        page.Append("<!DOCTYPE html>\n<html lang=\"").Append(locale.Tag).Append("\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>")
            .Append(Text($"{text.Title} {text.Number}".TrimEnd())).Append("</title><style>\n").Append(Style).Append("\n</style></head>\n<body>\n");
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
        page.Append("<table><thead><tr>");
        foreach (var label in (InvoiceLabel[])[InvoiceLabel.Description, InvoiceLabel.Quantity, InvoiceLabel.UnitPrice, InvoiceLabel.Amount])
        {
            page.Append("<th>").Append(Text(text.Locale[label])).Append("</th>");
        }

        page.Append("</tr></thead><tbody>\n");
        foreach (var row in text.Rows)
        {
            page.Append("<tr><td>").Append(Text(row.Description));
            if (row.Period is { } period)
            {
                page.Append("<span class=\"period\">").Append(Text(period)).Append("</span>");
            }

            page.Append("</td><td>").Append(Text(row.Quantity)).Append("</td><td>").Append(Text(row.UnitPrice)).Append("</td><td>").Append(Text(row.Amount)).Append("</td></tr>\n");
        }

        page.Append("</tbody></table>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
