using System.Net.Http.Headers;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Several subscriptions of a customer on one invoice, over REST.</summary>
public sealed class ConsolidatedInvoiceTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task What_two_subscriptions_are_billed_at_once_is_one_invoice_that_says_whose_each_line_is()
    {
        // A fee of 20.00 of each; 1,500 tokens of the second are 500 × 0.002 = 1.00 a month later; half off the first: 10 + 20 = 30, and 10 + 21 = 31.
        var (name, start) = (Seed.Name("together"), await _seed.NowAsync());
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name, currency = "USD", external_id = name, consolidate_invoices = true })).Ok(201));
        (await _api.PostAsync("/coupons", new { code = name, name = "Half", percent_off = 50, duration = "forever" })).Ok(201);
        var (fee, metered) = (Seed.Id(await _seed.PlanAsync()), Seed.Id(await _seed.PlanAsync(Seed.Id(await _seed.MetricAsync(name)))));
        (await _api.PatchAsync($"/plans/{metered}", new { name = "API" })).Ok();
        var first = Seed.Id((await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = fee, start_at = start, coupon_ids = new[] { name } })).Ok(201));
        var second = Seed.Id(await _seed.SubscriptionAsync(customer, metered, start));
        var previews = new[] { await UpcomingAsync(first), await UpcomingAsync(second) };
        previews.Select(preview => (Seed.Id(preview), preview.GetProperty("total").GetDecimal())).Distinct().ShouldHaveSingleItem().Item2.ShouldBe(30m);
        await RunAsync(customer, start, 1);
        (await _api.PostAsync("/usage/events", new { id = name, type = name, customer_id = customer, timestamp = start.AddDays(1), properties = new { tokens = 1_500 } })).Ok(202);
        await _seed.MoveAsync(start.AddMonths(1));
        await RunAsync(customer, start.AddMonths(1), 1);

        var invoice = (await _api.GetAsync($"/invoicing/invoices?subscription_id={first}")).Ok()[0];
        Seed.Id((await _api.GetAsync($"/invoicing/invoices?subscription_id={second}")).Ok()[0]).ShouldBe(Seed.Id(invoice));
        (invoice.GetProperty("kind").GetString(), invoice.GetProperty("subscription_id").ValueKind, invoice.GetProperty("total").GetDecimal()).ShouldBe(("consolidated", JsonValueKind.Null, 31m));
        invoice.GetProperty("sections").EnumerateArray().Select(section => (section.GetProperty("subscription_id").GetString(), section.GetProperty("description").GetString(), section.GetProperty("subtotal").GetDecimal(), section.GetProperty("discount_total").GetDecimal()))
            .ShouldBe([(first, "Pro", 20m, 10m), (second, "API", 21m, 0m)]);
        invoice.GetProperty("lines").EnumerateArray().Select(line => (line.GetProperty("subscription_id").GetString(), line.GetProperty("amount").GetDecimal())).ShouldBe([(first, 20m), (second, 1m), (second, 20m)]);
        invoice.GetProperty("discounts")[0].GetProperty("subscription_id").GetString().ShouldBe(first);

        var id = Seed.Id(invoice);
        (await _api.GetAsync($"/invoicing/invoices/{id}/explain")).Ok().GetProperty("lines").EnumerateArray().ShouldAllBe(line => line.GetProperty("agrees").GetBoolean());
        var page = await FileAsync($"/invoicing/invoices/{id}/html");
        page.IndexOf($"API &#183; {second}", StringComparison.Ordinal).ShouldBeGreaterThan(page.IndexOf($"Pro &#183; {first}", StringComparison.Ordinal));
        (await FileAsync($"/invoicing/invoices/{id}/ubl")).ShouldContain($"<cbc:ID>{second}</cbc:ID>");
        (await FileAsync($"/invoicing/invoices/{id}/pdf")).ShouldStartWith("%PDF-1.");

        // Part of one line is taken back, and the other subscription goes its own way.
        var memo = (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = id, reason = "Outage", lines = new[] { new { line_id = invoice.GetProperty("lines")[2].GetProperty("id").GetString(), amount = 5 } } })).Ok(201);
        (await FileAsync($"/invoicing/credit-memos/{Seed.Id(memo)}/html")).ShouldContain($"API &#183; {second}");
        var canceled = (await _api.PostAsync($"/subscriptions/{first}/cancel", new { when = "period_end" })).Ok();
        canceled.GetProperty("status").GetString().ShouldBe("active");
        (await UpcomingAsync(second)).GetProperty("total").GetDecimal().ShouldBe(20m);
    }

    private async Task<JsonElement> UpcomingAsync(string subscription) => (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok();

    private async Task RunAsync(string customer, DateTimeOffset at, int invoices) =>
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = at, customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(invoices);

    private async Task<string> FileAsync(string path)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1{path}", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await host.TokenAsync());
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue();
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
