using System.Net.Http.Headers;

namespace BillApis.Host.Tests;

public sealed class DocumentTests(HostFixture host)
{
    private readonly Api _api = host.Api;

    [Theory]
    [InlineData("invoices", "html", "text/html", "<!DOCTYPE html>", "Rechnung")]
    [InlineData("invoices", "pdf", "application/pdf", "%PDF-1.", "")]
    [InlineData("invoices", "ubl", "application/xml", "<?xml", "<cbc:PayableAmount currencyID=\"EUR\">119.00</cbc:PayableAmount>")]
    [InlineData("invoices", "export", "application/json", "{\"coupons\":[]", "\"format\":\"billapis.invoice/1\"")]
    [InlineData("invoices", "events", "application/x-ndjson", "", "")]
    [InlineData("credit-memos", "html", "text/html", "<!DOCTYPE html>", "Gutschrift")]
    [InlineData("credit-memos", "pdf", "application/pdf", "%PDF-1.", "")]
    [InlineData("credit-memos", "ubl", "application/xml", "<?xml", "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>")]
    public async Task Each_document_is_served_as_a_file(string kind, string form, string type, string begins, string says)
    {
        var (name, token) = (Seed.Name("documents"), await host.TokenAsync());
        (await _api.PostAsync("/tax-rates", new { name, country = "DE", region = name, percentage = 19 })).Ok(201);
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name = "Müller & Co", currency = "EUR", country = "DE", locale = "de-DE", address = new { region = name, city = "Köln" } })).Ok(201));
        var invoice = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "EUR", lines = new[] { new { description = "Beratung", unit_amount = 100 } } })).Ok(201));
        if (form is "ubl")
        {
            (await _api.GetAsync($"/invoicing/invoices/{invoice}/ubl")).ShouldFail(409, "CON_001");
        }

        (await _api.PostAsync($"/invoicing/invoices/{invoice}/issue")).Ok();
        var id = kind is "invoices" ? invoice : Seed.Id((await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = "11.90", reason = "Zu viel" })).Ok(201));

        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1/invoicing/{kind}/{id}/{form}", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue();
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        response.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("inline");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldStartWith(begins);
        text.ShouldContain(says);
        (await _api.GetAsync($"/invoicing/{kind}/nothing/{form}")).ShouldFail(404, "RES_001");
        (await host.Nobody.GetAsync($"/invoicing/{kind}/{id}/{form}")).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task A_name_that_no_font_has_the_letters_of_is_refused_as_PDF_and_is_in_the_HTML()
    {
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name = "東京サンプル株式会社", currency = "JPY", locale = "ja" })).Ok(201));
        var invoice = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "JPY", lines = new[] { new { description = "Work", unit_amount = 100 } } })).Ok(201));
        var refusal = await _api.GetAsync($"/invoicing/invoices/{invoice}/pdf");
        refusal.ShouldFail(409, "CON_001");
        refusal.Message.ShouldBe("The PDF cannot be written: no font has the letter '東' (U+6771) of '東京サンプル株式会社'. Name a TrueType font that has it in the setting Billing:Pdf:Fonts, or take the HTML document.");
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1/invoicing/invoices/{invoice}/html", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await host.TokenAsync());
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        System.Net.WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("東京サンプル株式会社");
    }
}
