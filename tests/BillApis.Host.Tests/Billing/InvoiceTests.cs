using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class InvoiceTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_dry_run_looks_at_most_ten_years_ahead()
    {
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = "9999-12-31T23:59:59Z", customer_id = Seed.Id(await _seed.CustomerAsync()), dry_run = true })).ShouldFail(400, "VAL_001", "as_of");
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = (await _seed.NowAsync()).AddDays(3_660), customer_id = Seed.Id(await _seed.CustomerAsync()), dry_run = true })).Ok(202);
    }

    [Fact]
    public async Task A_run_bills_what_is_due_once()
    {
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()));
        var now = await _seed.NowAsync();
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, now));
        var dry = (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddMonths(1), customer_id = customer, dry_run = true })).Ok(202);
        dry.GetProperty("invoices_created").GetInt32().ShouldBe(2);
        dry.GetProperty("totals").GetRawText().ShouldBe("""[{"amount":40,"currency":"USD"}]""");

        var run = (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202);
        run.GetProperty("status").GetString().ShouldBe("completed");
        run.GetProperty("invoices_created").GetInt32().ShouldBe(1);
        (run.GetProperty("due").GetInt32(), run.GetProperty("percent").GetInt32()).ShouldBe((1, 100));
        run.GetProperty("invoices_per_second").GetInt32().ShouldBeGreaterThanOrEqualTo(0);
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(0);
        (await _api.GetAsync($"/invoicing/runs/{Seed.Id(run)}")).Ok().GetProperty("invoices_created").GetInt32().ShouldBe(1);
        (await _api.GetAsync("/invoicing/runs?limit=500")).Ok().EnumerateArray().Select(Seed.Id).ShouldContain(Seed.Id(run));
        (await _api.PostAsync("/invoicing/runs", new { as_of = now.AddYears(1) })).ShouldFail(400, "VAL_001", "as_of");

        var invoices = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}&status=issued&subscription_id={subscription}")).Ok();
        invoices.GetArrayLength().ShouldBe(1);
        var line = invoices[0].GetProperty("lines")[0];
        line.GetProperty("amount").GetRawText().ShouldBe("20");
        line.GetProperty("proration_factor").GetRawText().ShouldBe("1");
        line.GetProperty("period").GetProperty("end").GetDateTimeOffset().ShouldBe(now.AddMonths(1));
        (await _api.GetAsync($"/invoicing/invoices/{invoices[0].GetProperty("number").GetString()}")).Ok().GetRawText().ShouldBe(invoices[0].GetRawText());
    }

    [Fact]
    public async Task What_cannot_be_kept_exactly_is_refused_and_no_failure_of_ours()
    {
        // 18 and 17 digits make 35; 900 million million twenty thousand times are more cents than there are.
        var customer = Seed.Id(await _seed.CustomerAsync());
        Task<Answer> DraftAsync(string quantity, string amount, int lines = 1) => _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = Enumerable.Repeat(new { description = "Hours", quantity, unit_amount = amount }, lines) });
        (await DraftAsync("123456.123456789012", "98765.123456789012")).ShouldFail(400, "VAL_001", "lines[0].unit_amount");
        (await DraftAsync("999999999999999", "999999999999999")).ShouldFail(400, "VAL_001", "lines[0].unit_amount");
        (await DraftAsync("1000", "900000000000.001")).ShouldFail(400, "VAL_001", "lines[0].unit_amount");
        (await DraftAsync("1", "900000000000000", 200)).ShouldFail(400, "VAL_001", "lines");
        var most = (await DraftAsync("1000", "900000000000")).Ok(201);
        most.GetProperty("total").GetRawText().ShouldBe("900000000000000");
        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(most)}/lines", new { description = "One cent more", unit_amount = "0.01" })).ShouldFail(400, "VAL_001", "unit_amount");
    }

    [Fact]
    public async Task A_run_that_nobody_waits_for_is_carried_out()
    {
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()));
        var now = await _seed.NowAsync();
        await _seed.SubscriptionAsync(customer, plan, now);
        var run = Seed.Id((await _api.PostAsync("/invoicing/runs", new { customer_id = customer })).Ok(202));
        await Eventually.TrueAsync(async () => (await _api.GetAsync($"/invoicing/runs/{run}")).Ok().GetProperty("status").GetString() == "completed");
        (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok().GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_one_off_invoice_is_drafted_issued_and_paid()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var draft = (await _api.PostAsync("/invoicing/invoices", new
        {
            customer_id = customer, currency = "USD", lines = new object[] { new { description = "Setup", unit_amount = "99.995", quantity = 1 }, new { description = "Hours", unit_amount = 10, quantity = "2.5", tax_category = "services" } },
        })).Ok(201);
        draft.GetProperty("status").GetString().ShouldBe("draft");
        draft.GetProperty("total").GetRawText().ShouldBe("125");
        var id = Seed.Id(draft);
        (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 1 })).ShouldFail(409, "CON_001");

        var issued = (await _api.PostAsync($"/invoicing/invoices/{id}/issue")).Ok();
        issued.GetProperty("number").GetString()!.ShouldStartWith("INV-");
        issued.GetProperty("amount_due").GetRawText().ShouldBe("125");
        (await _api.PostAsync($"/invoicing/invoices/{id}/issue")).ShouldFail(409, "CON_001");

        (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 0.001 })).ShouldFail(400, "VAL_001", "amount");
        (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 126 })).ShouldFail(400, "VAL_001", "amount");
        (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 1, method = "cash" })).ShouldFail(400, "VAL_001", "method");
        var part = (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 25, method = "external", reference = "wire 1" })).Ok(201);
        part.GetProperty("status").GetString().ShouldBe("partially_paid");
        (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = 25, reference = "wire 1" })).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"/invoicing/invoices/{id}/cancel")).ShouldFail(409, "CON_001");
        var paid = (await _api.PostAsync($"/invoicing/invoices/{id}/payments", new { amount = "100.00", reference = "wire 2" })).Ok(201);
        paid.GetProperty("status").GetString().ShouldBe("paid");
        paid.GetProperty("amount_due").GetRawText().ShouldBe("0");
        paid.GetProperty("payments").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task An_invoice_over_less_than_nothing_becomes_credit_that_pays_the_next()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        async Task<JsonElement> IssueAsync(decimal amount)
        {
            var id = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "x", unit_amount = amount } } })).Ok(201));
            return (await _api.PostAsync($"/invoicing/invoices/{id}/issue")).Ok();
        }

        var negative = await IssueAsync(-12.5m);
        (negative.GetProperty("status").GetString(), negative.GetProperty("total").GetDecimal(), negative.GetProperty("amount_granted").GetDecimal(), negative.GetProperty("amount_due").GetDecimal()).ShouldBe(("paid", -12.5m, 12.5m, 0m));
        (await _api.GetAsync($"/credits/balance?customer_id={customer}")).Ok().GetProperty("paid").GetDecimal().ShouldBe(12.5m);

        var next = await IssueAsync(20m);
        (next.GetProperty("amount_paid").GetDecimal(), next.GetProperty("amount_due").GetDecimal()).ShouldBe((12.5m, 7.5m));
    }

    [Fact]
    public async Task An_invoice_is_canceled_or_written_off_once()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var (first, second) = (await IssuedAsync(customer), await IssuedAsync(customer));
        (await _api.PostAsync($"/invoicing/invoices/{first}/cancel")).Ok().GetProperty("status").GetString().ShouldBe("canceled");
        (await _api.PostAsync($"/invoicing/invoices/{first}/cancel")).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"/invoicing/invoices/{second}/write-off")).Ok().GetProperty("status").GetString().ShouldBe("written_off");
        (await _api.PostAsync($"/invoicing/invoices/{second}/write-off")).ShouldFail(409, "CON_001");
        (await _api.GetAsync("/invoicing/invoices/nothing")).ShouldFail(404, "RES_001");
    }

    [Theory]
    [InlineData("""{"currency":"USD","lines":[]}""", "customer_id")]
    [InlineData("""{"customer_id":"?","currency":"USD","lines":[]}""", "lines")]
    [InlineData("""{"customer_id":"?","currency":"EUR","lines":[{"description":"x","unit_amount":1}]}""", "currency")]
    [InlineData("""{"customer_id":"?","currency":"USD","lines":[{"description":"x","unit_amount":1,"quantity":-1}]}""", "lines[0].quantity")]
    [InlineData("""{"customer_id":"?","currency":"USD","lines":[{"unit_amount":1}]}""", "lines[0].description")]
    [InlineData("""{"customer_id":"?","currency":"USD","lines":[{"description":"x","unit_amount":1,"period":{"start":"2026-02-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}}]}""", "lines[0].period.end")]
    public async Task A_wrong_field_of_an_invoice_is_named(string body, string field)
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        (await _api.PostAsync("/invoicing/invoices", body.Replace("?", customer, StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);
    }

    private async Task<string> IssuedAsync(string customer)
    {
        var id = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "x", unit_amount = 5 } } })).Ok(201));
        (await _api.PostAsync($"/invoicing/invoices/{id}/issue")).Ok();
        return id;
    }
}
