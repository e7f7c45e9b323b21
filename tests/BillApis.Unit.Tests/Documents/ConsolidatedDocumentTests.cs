using BillApis.Invoicing;
using BillApis.Pdf;
using BillApis.Unit.Tests.Invoicing;
using UglyToad.PdfPig;

namespace BillApis.Unit.Tests.Documents;

/// <summary>Documents over several subscriptions say which lines are of which.</summary>
public sealed class ConsolidatedDocumentTests
{
    [Theory]
    [InlineData("en", "Subscription", "Other charges")]
    [InlineData("en-GB", "Subscription", "Other charges")]
    [InlineData("de", "Abonnement", "Weitere Posten")]
    [InlineData("fr", "Abonnement", "Autres postes")]
    [InlineData("hi", "सदस्यता", "अन्य शुल्क")]
    [InlineData("ja", "契約", "その他")]
    public void Each_subscription_has_a_heading_its_lines_and_what_they_come_to(string locale, string word, string other)
    {
        var (invoice, own) = (Parties.Consolidated(), InvoiceLocale.Of(locale));
        var text = DocumentText.Of(invoice, Parties.Of(locale));
        text.Sections.Select(section => (section.Heading, string.Join(" ", section.Rows.Select(row => row.Description)), section.Subtotal)).ShouldBe([
            ($"{word}: Base · {Parties.Base}", "Calls Fee", own.Format(Bills.Dollars(110))),
            ($"{word}: Team · {Parties.Team}", "Seats", own.Format(Bills.Dollars(50))),
            (other, "Goodwill", own.Format(Bills.Dollars(-5)))]);
        text.Totals.Select(total => total.Value).ShouldBe([.. new[] { 155m, -25m, 24.7m, 154.7m, 154.7m }.Select(amount => own.Format(Bills.Dollars(amount)))]);
        text.Totals[1].Label.ShouldEndWith(": HALF (Team)");
    }

    [Fact]
    public void One_without_a_name_is_told_by_its_id_and_an_invoice_of_one_subscription_has_no_headings()
    {
        var invoice = Parties.Consolidated();
        var unnamed = DocumentText.Of(invoice with { Sections = [.. invoice.Sections.Select(section => section with { Description = null })] }, Parties.Of("en"));
        unnamed.Sections.Select(section => section.Heading).ShouldBe([$"Subscription: {Parties.Base}", $"Subscription: {Parties.Team}", "Other charges"]);
        unnamed.Totals[1].Label.ShouldEndWith(": HALF");
        DocumentText.Of(Parties.Documented(), Parties.Of("en")).Sections.ShouldHaveSingleItem().Heading.ShouldBeNull();
    }

    [Fact]
    public void The_HTML_has_a_body_of_rows_for_each()
    {
        var page = DocumentHtml.Write(DocumentText.Of(Parties.Consolidated("R&D"), Parties.Of("en")));
        page.Split("<tbody>").Length.ShouldBe(1 + 3 + 1, "three sections and the totals");
        page.ShouldContain($"<tr class=\"section\"><th scope=\"rowgroup\" colspan=\"4\">Subscription: R&amp;D · {Parties.Base}</th></tr>".Replace("·", "&#183;"));
        page.ShouldContain("<tr class=\"subtotal\"><td colspan=\"3\">Subtotal</td><td>$110.00</td></tr>");
    }

    [Fact]
    public void The_PDF_shows_heading_lines_and_subtotal_in_this_order()
    {
        using var pdf = PdfDocument.Open(DocumentPdf.Write(locale => DocumentText.Of(Parties.Consolidated(), Parties.Of("en") with { Locale = locale }), InvoiceLocale.Of("en"), []));
        var lines = pdf.GetPage(1).GetWords().GroupBy(word => (int)word.Letters[0].StartBaseLine.Y).OrderByDescending(line => line.Key)
            .Select(line => string.Join(' ', line.OrderBy(word => word.BoundingBox.Left).Select(word => word.Text))).ToList();
        string[] expected = [
            $"Subscription: Base · {Parties.Base}", "Calls 10 $1.00 $10.00", "Fee 1 $100.00 $100.00", "Subtotal $110.00",
            $"Subscription: Team · {Parties.Team}", "Seats 1 $50.00 $50.00", "Subtotal $50.00", "Other charges", "Goodwill 1 -$5.00 -$5.00", "Subtotal -$5.00", "Subtotal $155.00"];
        lines.Where(line => expected.Contains(line)).ShouldBe(expected);
    }

    [Fact]
    public void A_heading_is_never_the_last_thing_on_a_page()
    {
        // One more line of the first subscription each time, so that the second heading comes to every height of the page.
        var invoice = Parties.Consolidated();
        for (var count = 15; count < 45; count++)
        {
            var many = invoice with { Lines = [.. Enumerable.Range(0, count).Select(i => invoice.Lines[0] with { Id = EntityId.New<InvoiceLineId>() }), .. invoice.Lines] };
            using var pdf = PdfDocument.Open(DocumentPdf.Write(locale => DocumentText.Of(many, Parties.Of("en") with { Locale = locale }), InvoiceLocale.Of("en"), []));
            var page = pdf.GetPages().Single(page => page.Text.Contains(Parties.Team.ToString(), StringComparison.Ordinal));
            page.Text.IndexOf("Seats", StringComparison.Ordinal).ShouldBeGreaterThan(page.Text.IndexOf(Parties.Team.ToString(), StringComparison.Ordinal), $"{count} more lines");
        }
    }

    [Fact]
    public void UBL_names_the_subscription_of_each_line_as_the_object_that_it_is_based_on()
    {
        var invoice = Parties.Consolidated();
        var rules = new UblRules(UblDocument.Of(invoice, Parties.Of("en")));
        rules.Check();
        rules.Texts("InvoiceLine#/DocumentReference1/ID1").ShouldBe([Parties.Base.ToString(), Parties.Base.ToString(), Parties.Team.ToString()]);
        rules.Texts("InvoiceLine#/DocumentReference1/DocumentTypeCode1").ShouldBe(["130", "130", "130"]);
        rules.Texts("InvoiceLine3/Note1").ShouldBe([$"Subscription: Team · {Parties.Team}"]);
        rules.Texts("InvoiceLine4/Item1/Name1").ShouldBe(["Goodwill"]);

        // 20.00 of 154.70, spread over all of its lines.
        var memo = Parties.Memo(invoice, CreditableLines.Of(invoice, []).Spread(Bills.Dollars(20)));
        var credit = new UblRules(UblDocument.Of(memo, invoice, Parties.Of("en")));
        credit.Check();
        credit.Texts("CreditNoteLine1/DocumentReference1/ID1").ShouldBe([Parties.Base.ToString()]);
        DocumentText.Of(memo, invoice, Parties.Of("en")).Sections.Select(section => section.Heading).Take(2).ShouldBe([$"Subscription: Base · {Parties.Base}", $"Subscription: Team · {Parties.Team}"]);
    }
}
