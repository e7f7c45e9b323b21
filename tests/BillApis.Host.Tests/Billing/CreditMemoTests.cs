namespace BillApis.Host.Tests;

public sealed class CreditMemoTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_part_of_an_invoice_is_taken_back_and_asked_for_again()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var invoice = await IssuedAsync(customer);
        var memo = (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = "12.34", reason = "Broken on delivery" })).Ok(201);
        memo.GetProperty("number").GetString()!.ShouldStartWith("CRM-");
        memo.GetProperty("amount").GetRawText().ShouldBe("12.34");
        memo.GetProperty("amount_applied").GetRawText().ShouldBe("12.34");
        memo.GetProperty("status").GetString().ShouldBe("issued");
        var credited = (await _api.GetAsync($"/invoicing/invoices/{invoice}")).Ok();
        credited.GetProperty("amount_credited").GetRawText().ShouldBe("12.34");
        credited.GetProperty("amount_due").GetRawText().ShouldBe("87.66");

        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = 87.67, reason = "x" })).ShouldFail(400, "VAL_001", "amount");
        (await _api.GetAsync($"/invoicing/credit-memos?invoice_id={invoice}&customer_id={customer}&status=issued")).Ok().GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/invoicing/credit-memos/{memo.GetProperty("number").GetString()}")).Ok().GetRawText().ShouldBe(memo.GetRawText());
        (await _api.PostAsync($"/invoicing/credit-memos/{Seed.Id(memo)}/cancel")).Ok().GetProperty("status").GetString().ShouldBe("canceled");
        (await _api.PostAsync($"/invoicing/credit-memos/{Seed.Id(memo)}/cancel")).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/invoicing/invoices/{invoice}")).Ok().GetProperty("amount_due").GetRawText().ShouldBe("100");
    }

    [Fact]
    public async Task What_was_paid_is_kept_as_credit_or_to_be_refunded()
    {
        var invoice = await IssuedAsync(Seed.Id(await _seed.CustomerAsync()));
        (await _api.PostAsync($"/invoicing/invoices/{invoice}/payments", new { amount = 100 })).Ok(201);
        var line = (await _api.GetAsync($"/invoicing/invoices/{invoice}")).Ok().GetProperty("lines")[0].GetProperty("id").GetString();

        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = 10, reason = "x" })).Ok(201).GetProperty("amount_credited").GetRawText().ShouldBe("10");
        var refund = (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, lines = new[] { new { line_id = line, amount = 90 } }, reason = "x", refund = true })).Ok(201);
        refund.GetProperty("amount_refundable").GetRawText().ShouldBe("90");
        refund.GetProperty("lines")[0].GetProperty("line_id").GetString().ShouldBe(line);
        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = 0.01, reason = "x" })).ShouldFail(400, "VAL_001", "amount");
    }

    [Theory]
    [InlineData("""{"invoice_id":"?","amount":1}""", "reason")]
    [InlineData("""{"invoice_id":"?","reason":"x"}""", "amount")]
    [InlineData("""{"invoice_id":"?","reason":"x","amount":0.001}""", "amount")]
    [InlineData("""{"invoice_id":"?","reason":"x","amount":-1}""", "amount")]
    [InlineData("""{"invoice_id":"?","reason":"x","lines":[{"line_id":"ili_00000000000000000000000000","amount":1}]}""", "lines[0].line_id")]
    public async Task A_wrong_field_of_a_credit_memo_is_named(string body, string field)
    {
        var invoice = await IssuedAsync(Seed.Id(await _seed.CustomerAsync()));
        (await _api.PostAsync("/invoicing/credit-memos", body.Replace("?", invoice, StringComparison.Ordinal))).ShouldFail(400, "VAL_001", field);
    }

    [Fact]
    public async Task The_line_that_less_is_left_of_is_named()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var draft = (await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "a", unit_amount = 10 }, new { description = "b", unit_amount = 90 } } })).Ok(201);
        var (first, second) = (draft.GetProperty("lines")[0].GetProperty("id").GetString(), draft.GetProperty("lines")[1].GetProperty("id").GetString());
        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).Ok();

        foreach (var amount in new[] { 0m, -1m, 90.01m, 1000m })
        {
            (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = Seed.Id(draft), reason = "x", lines = new[] { new { line_id = first, amount = 10m }, new { line_id = second, amount } } })).ShouldFail(400, "VAL_001", "lines[1].amount");
        }

        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = Seed.Id(draft), reason = "x", lines = new[] { new { line_id = first, amount = 10m }, new { line_id = second, amount = 90m } } })).Ok(201);
        var negative = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "a", unit_amount = -30 } } })).Ok(201));
        (await _api.PostAsync($"/invoicing/invoices/{negative}/issue")).Ok();
        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = negative, reason = "x", amount = 1 })).Message.ShouldEndWith("must be more than 0 and at most what is left to credit, 0.00 USD");
    }

    [Fact]
    public async Task There_is_no_credit_memo_of_nothing()
    {
        (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = "inv_unknown", amount = 1, reason = "x" })).ShouldFail(404, "RES_001");
        (await _api.GetAsync("/invoicing/credit-memos/CRM-999999")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task A_promised_refund_is_paid_out_once()
    {
        var invoice = await IssuedAsync(Seed.Id(await _seed.CustomerAsync()));
        (await _api.PostAsync($"/invoicing/invoices/{invoice}/payments", new { amount = 100, method = "external" })).Ok(201);
        var memo = Seed.Id((await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = invoice, amount = 30, reason = "Too much", refund = true })).Ok(201));
        (await _api.PostAsync($"/invoicing/credit-memos/{memo}/payout", new { reference = "bank-7" })).Ok().GetProperty("refund_reference").GetString().ShouldBe("bank-7");
        (await _api.PostAsync($"/invoicing/credit-memos/{memo}/payout")).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"/invoicing/credit-memos/{memo}/cancel")).ShouldFail(409, "CON_001");
        (await _api.GetAsync("/invoicing/verify")).Ok().GetProperty("faults").EnumerateArray().ShouldBeEmpty("paying a refund out changes nothing that was issued");
        var account = (await _api.GetAsync("/ledger/accounts?kind=refunds_payable")).Ok().EnumerateArray().Single(item => item.GetProperty("currency").GetString() == "USD");
        var now = await _seed.NowAsync();
        var statement = (await _api.GetAsync($"/ledger/accounts/{Seed.Id(account)}/statement?from={now:yyyy-MM-ddTHH:mm:ssZ}&to={now.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}")).Ok();
        var lines = statement.GetProperty("lines").EnumerateArray().Where(line => line.GetProperty("entry").GetProperty("cause").GetString() == memo).ToList();
        lines.Select(line => (line.GetProperty("entry").GetProperty("side").GetString(), line.GetProperty("entry").GetProperty("amount").GetDecimal())).ShouldBe([("credit", 30m), ("debit", 30m)]);
        lines[1].GetProperty("balance").GetDecimal().ShouldBe(lines[0].GetProperty("balance").GetDecimal() - 30);
        statement.GetProperty("closing").GetDecimal().ShouldBe(account.GetProperty("balance").GetDecimal());
    }

    private async Task<string> IssuedAsync(string customer)
    {
        var id = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Work", unit_amount = 100 } } })).Ok(201));
        (await _api.PostAsync($"/invoicing/invoices/{id}/issue")).Ok();
        return id;
    }
}
