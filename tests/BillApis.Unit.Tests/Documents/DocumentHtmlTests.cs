using BillApis.Invoicing;

namespace BillApis.Unit.Tests.Documents;

public sealed class DocumentHtmlTests
{
    [Theory]
    [InlineData("en", "Invoice", "$206.77", "February 1, 2026")]
    [InlineData("de", "Rechnung", "206,77 $", "1. Februar 2026")]
    [InlineData("fr", "Facture", "206,77 $US", "1 février 2026")]
    [InlineData("hi", "चालान", "$206.77", "1 फ़रवरी 2026")]
    [InlineData("ja", "請求書", "$206.77", "2026年2月1日")]
    public void It_says_the_totals_and_dates_in_the_customers_language(string locale, string title, string total, string date)
    {
        var page = System.Net.WebUtility.HtmlDecode(DocumentHtml.Write(DocumentText.Of(Parties.Documented(), Parties.Of(locale))));
        page.ShouldContain($"<html lang=\"{locale}\">");
        page.ShouldContain($"<h1>{title}</h1>");
        page.Replace('\u00A0', ' ').ShouldContain($"<td>{total}</td>");
        page.ShouldContain($"<dd>{date}</dd>");
        page.ShouldContain("INV-000042");
    }

    [Fact]
    public void It_loads_nothing_and_runs_nothing_whatever_things_are_called()
    {
        var invoice = Parties.Documented();
        invoice = invoice with { Lines = [invoice.Lines[0] with { Description = "<script src=\"https://x\">\"'&" }, invoice.Lines[1]] };
        var page = DocumentHtml.Write(DocumentText.Of(invoice, Parties.Of("en")));
        page.ShouldContain("&lt;script src=&quot;https://x&quot;&gt;&quot;&#39;&amp;");
        page.ShouldContain("Beispiel &amp; S&#246;hne &lt;AG&gt;");
        page.ShouldNotContain("<script");
        page.ShouldNotContain("<link");
        page.ShouldNotContain("<img");
        page.ShouldNotContain("url(");
        page.ShouldNotContain("@import");
    }

    [Fact]
    public void A_period_ends_with_its_last_day_and_a_draft_is_called_one()
    {
        var text = DocumentText.Of(Parties.Documented(), Parties.Of("en"));
        text.Fields.ShouldContain(new DocumentField("Billing period", "January 1, 2026 – January 31, 2026"));
        DocumentText.Of(Parties.Documented() with { Number = null }, Parties.Of("en")).Title.ShouldBe("Draft invoice");
    }
}
