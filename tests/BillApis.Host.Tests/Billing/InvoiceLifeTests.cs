using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>What people do with invoices: change drafts, send, replace, and number them by who sells.</summary>
public sealed class InvoiceLifeTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_draft_is_changed_on_record_until_it_is_issued()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var path = $"/invoicing/invoices/{Seed.Id(await DraftAsync(customer, 10m))}";

        var added = (await _api.PostAsync($"{path}/lines", new { description = "Travel", unit_amount = "2.5", quantity = 3 })).Ok(201);
        added.GetProperty("total").GetDecimal().ShouldBe(17.5m);
        var line = Seed.Id(added.GetProperty("lines")[1]);
        (await _api.PatchAsync($"{path}/lines/{line}", new { quantity = 2 })).Ok().GetProperty("total").GetDecimal().ShouldBe(15m);
        (await _api.PatchAsync($"{path}/lines/{line}", new { quantity = -2 })).ShouldFail(400, "VAL_001", "quantity");
        (await _api.PatchAsync($"{path}/lines/ili_nothing", new { quantity = 2 })).ShouldFail(404, "RES_001");
        (await _api.PatchAsync(path, new { notes = "Thank you", purchase_order = "PO-7" })).Ok();
        (await _api.PatchAsync(path, new { purchase_order = (string?)null })).Ok();
        var draft = (await _api.DeleteAsync($"{path}/lines/{line}")).Ok();

        (draft.GetProperty("total").GetDecimal(), draft.GetProperty("notes").GetString(), draft.GetProperty("purchase_order").ValueKind).ShouldBe((10m, "Thank you", JsonValueKind.Null));
        draft.GetProperty("edits").EnumerateArray().Select(edit => edit.GetProperty("what").GetString()).ShouldBe([
            "added the line 'Travel' over 7.50 USD", "changed the line 'Travel' over 7.50 USD to 'Travel' over 5.00 USD", "changed the notes and changed the purchase order to 'PO-7'",
            "removed the purchase order", "removed the line 'Travel' over 5.00 USD"]);
        draft.GetProperty("edits").EnumerateArray().Select(edit => edit.GetProperty("by").GetString()!).ShouldAllBe(by => by.StartsWith("usr_", StringComparison.Ordinal));

        (await _api.PostAsync($"{path}/issue")).Ok();
        (await _api.PatchAsync(path, new { notes = "x" })).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"{path}/lines", new { description = "More", unit_amount = 1 })).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task An_issued_invoice_is_sent_to_the_customer_or_elsewhere()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var path = $"/invoicing/invoices/{Seed.Id(await DraftAsync(customer, 10m))}";
        (await _api.PostAsync($"{path}/send", new { email = "a@example.com" })).ShouldFail(409, "CON_001");
        (await _api.PostAsync($"{path}/issue")).Ok();

        (await _api.PostAsync($"{path}/send")).ShouldFail(400, "VAL_001", "email");
        foreach (var email in new[] { "", " ", "NaN", "a b@example.com", "@example.com", "a@b@example.com" })
        {
            (await _api.PostAsync($"{path}/send", new { email })).ShouldFail(400, "VAL_001", "email");
        }

        (await _api.PostAsync($"{path}/send", new { email = "other@example.com" })).Ok().GetProperty("sent_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await _api.PatchAsync($"/customers/{customer}", new { email = "billing@example.com" })).Ok();
        (await _api.PostAsync($"{path}/send")).Ok();
    }

    [Fact]
    public async Task A_wrong_invoice_is_withdrawn_and_replaced_under_a_new_number()
    {
        var (customer, plan) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()));
        var now = await _seed.NowAsync();
        await _seed.SubscriptionAsync(customer, plan, now);
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202);
        var wrong = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok()[0];

        var draft = (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(wrong)}/reissue")).Ok(201);
        (draft.GetProperty("status").GetString(), draft.GetProperty("kind").GetString(), draft.GetProperty("replaces").GetString()).ShouldBe(("draft", "replacement", Seed.Id(wrong)));
        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/lines", new { description = "Goodwill", unit_amount = -5 })).Ok(201);
        var right = (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).Ok();

        (right.GetProperty("total").GetDecimal(), right.GetProperty("status").GetString()).ShouldBe((15m, "issued"));
        right.GetProperty("number").GetString().ShouldNotBe(wrong.GetProperty("number").GetString());
        var withdrawn = (await _api.GetAsync($"/invoicing/invoices/{Seed.Id(wrong)}")).Ok();
        (withdrawn.GetProperty("status").GetString(), withdrawn.GetProperty("replaced_by").GetString(), withdrawn.GetProperty("amount_due").GetDecimal()).ShouldBe(("canceled", Seed.Id(right), 0m));
        (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(wrong)}/reissue")).ShouldFail(409, "CON_001");
    }

    [Fact]
    public async Task Each_legal_entity_numbers_its_own_series_and_stands_on_its_invoices()
    {
        var (code, series) = (Seed.Name("entity"), Seed.Name("DE").ToUpperInvariant());
        object Entity(string name, string invoices, string memos) => new { code = name, name = "Acme GmbH", country = "DE", tax_id = "DE123456789", invoice_series = invoices, credit_memo_series = memos };
        (await _api.PostAsync("/legal-entities", Entity(code, "INV", $"{series}-C"))).ShouldFail(400, "VAL_001", "invoice_series");
        (await _api.PostAsync("/legal-entities", Entity(code, "a b", $"{series}-C"))).ShouldFail(400, "VAL_001", "invoice_series");
        var entity = Seed.Id((await _api.PostAsync("/legal-entities", Entity(code, series, $"{series}-C"))).Ok(201));
        (await _api.PostAsync("/legal-entities", Entity(Seed.Name("entity"), series, $"{series}-D"))).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/legal-entities?code={code}")).Ok()[0].GetProperty("invoice_series").GetString().ShouldBe(series);
        (await _api.GetAsync($"/legal-entities/{code}")).Ok().GetProperty("id").GetString().ShouldBe(entity);
        (await _api.PatchAsync($"/legal-entities/{entity}", new { email = "ar@example.com" })).Ok();

        var customer = Seed.Id(await _seed.CustomerAsync());
        (await _api.PatchAsync($"/customers/{customer}", new { legal_entity_id = code, purchase_order = "PO-1", payment_terms_days = 10 })).Ok().GetProperty("legal_entity_id").GetString().ShouldBe(entity);
        var numbers = new List<string>();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            var issued = (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(await DraftAsync(customer, 10m))}/issue")).Ok();
            numbers.Add(issued.GetProperty("number").GetString()!);
            (issued.GetProperty("seller").GetProperty("name").GetString(), issued.GetProperty("bill_to").GetProperty("name").GetString(), issued.GetProperty("purchase_order").GetString()).ShouldBe(("Acme GmbH", "Acme", "PO-1"));
            issued.GetProperty("due_at").GetDateTimeOffset().ShouldBe(issued.GetProperty("issued_at").GetDateTimeOffset().AddDays(10));
        }

        numbers.ShouldBe([$"{series}-000001", $"{series}-000002", $"{series}-000003"]);
        var memo = (await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = numbers[0], amount = 1, reason = "late" })).Ok(201);
        memo.GetProperty("number").GetString().ShouldBe($"{series}-C-000001");
        (await _api.DeleteAsync($"/legal-entities/{entity}")).ShouldFail(409, "CON_001");
        (await _api.PatchAsync($"/customers/{customer}", new { legal_entity_id = (string?)null })).Ok();
        (await _api.DeleteAsync($"/legal-entities/{entity}")).Ok();
    }

    [Fact]
    public async Task The_tenant_says_who_sells_how_long_to_pay_and_whether_zeros_are_billed()
    {
        var entity = Seed.Id((await _api.PostAsync("/legal-entities", new { code = Seed.Name("entity"), name = "Acme KG", invoice_series = Seed.Name("KG").ToUpperInvariant(), credit_memo_series = Seed.Name("KGC").ToUpperInvariant() })).Ok(201));
        (await _api.PatchAsync("/admin/settings", new { payment_terms_days = 400 })).ShouldFail(400, "VAL_001", "payment_terms_days");
        (await _api.PatchAsync("/admin/settings", new { legal_entity_id = "nobody" })).ShouldFail(404, "RES_001");
        try
        {
            var settings = (await _api.PatchAsync("/admin/settings", new { payment_terms_days = 7, legal_entity_id = entity, zero_invoices = "skip" })).Ok();
            (settings.GetProperty("payment_terms_days").GetInt32(), settings.GetProperty("legal_entity_id").GetString(), settings.GetProperty("zero_invoices").GetString()).ShouldBe((7, entity, "skip"));
            (await _api.PatchAsync("/admin/settings", new { late_usage = "adjust" })).Ok().GetProperty("legal_entity_id").GetString().ShouldBe(entity);

            var customer = Seed.Id(await _seed.CustomerAsync());
            var issued = (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(await DraftAsync(customer, 10m))}/issue")).Ok();
            issued.GetProperty("due_at").GetDateTimeOffset().ShouldBe(issued.GetProperty("issued_at").GetDateTimeOffset().AddDays(7));
            issued.GetProperty("seller").GetProperty("name").GetString().ShouldBe("Acme KG");

            (await ZeroRunAsync()).ShouldBe(0);
        }
        finally
        {
            (await _api.PatchAsync("/admin/settings", new { payment_terms_days = (int?)null, legal_entity_id = (string?)null, zero_invoices = (string?)null, late_usage = (string?)null })).Ok();
        }

        (await ZeroRunAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Invoices_of_subscriptions_wait_as_drafts_where_the_tenant_wants_to_look_at_them()
    {
        (await _api.PatchAsync("/admin/settings", new { draft_hours = 721 })).ShouldFail(400, "VAL_001", "draft_hours");
        (await _api.PatchAsync("/admin/settings", new { invoice_approval = "nobody" })).ShouldFail(400, "VAL_001", "invoice_approval");
        try
        {
            var settings = (await _api.PatchAsync("/admin/settings", new { draft_hours = 12, invoice_approval = "manual" })).Ok();
            (settings.GetProperty("draft_hours").GetInt32(), settings.GetProperty("invoice_approval").GetString()).ShouldBe((12, "manual"));
            var (customer, plan, now) = (Seed.Id(await _seed.CustomerAsync()), Seed.Id(await _seed.PlanAsync()), await _seed.NowAsync());
            var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, now));
            foreach (var _ in Enumerable.Range(0, 2))
            {
                (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(0);
            }

            var draft = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}&status=draft")).Ok()[0];
            (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/lines", new { description = "Setup", unit_amount = 7 })).Ok(201);
            (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetDecimal().ShouldBe(27m);
            var issued = (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).Ok();
            (issued.GetProperty("status").GetString(), issued.GetProperty("total").GetDecimal()).ShouldBe(("issued", 27m));
            (await _api.PostAsync($"/invoicing/invoices/{Seed.Id(draft)}/issue")).ShouldFail(409, "CON_001");
            (await _api.GetAsync($"/subscriptions/{subscription}")).Ok().GetProperty("next_billing_at").GetDateTimeOffset().ShouldBe(now.AddMonths(1));
        }
        finally
        {
            (await _api.PatchAsync("/admin/settings", new { draft_hours = (int?)null, invoice_approval = (string?)null })).Ok();
        }
    }

    private async Task<int> ZeroRunAsync()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var free = new { price = new { currency = "USD", model = "flat", amount = 0, interval = "month", timing = "in_advance" } };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Free", items = new[] { free } })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var now = await _seed.NowAsync();
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, plan, now));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now, customer_id = customer })).Ok(202);
        (await _api.GetAsync($"/subscriptions/{subscription}")).Ok().GetProperty("next_billing_at").GetDateTimeOffset().ShouldBeGreaterThan(now);
        return (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok().GetArrayLength();
    }

    private async Task<JsonElement> DraftAsync(string customer, decimal amount) =>
        (await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Work", unit_amount = amount } } })).Ok(201);
}
