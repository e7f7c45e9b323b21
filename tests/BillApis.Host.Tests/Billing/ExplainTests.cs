using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class ExplainTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task Every_line_is_traced_to_its_price_tiers_events_and_tax()
    {
        var (name, start) = (Seed.Name("explained"), await _seed.NowAsync());
        var customer = Seed.Id((await _api.PostAsync("/customers", new { name, currency = "USD", country = "US", address = new { region = name } })).Ok(201));
        (await _api.PostAsync("/tax-rates", new { name, country = "US", region = name, percentage = 10 })).Ok(201);
        var metric = Seed.Id(await _seed.MetricAsync(name));
        var subscription = Seed.Id(await _seed.SubscriptionAsync(customer, Seed.Id(await _seed.PlanAsync(metric)), start));
        await SendAsync(name, customer, start.AddDays(1), 700, "a");
        await SendAsync(name, customer, start.AddDays(1).AddHours(1), 300, "b");
        await SendAsync(name, customer, start.AddDays(2), 2000, "c");
        var upcoming = (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice/explain")).Ok();
        upcoming.GetProperty("total").GetRawText().ShouldBe("22", "the fee of 20 for the first month, in advance, and 10 % tax");
        await _seed.MoveAsync(start.AddMonths(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = start.AddMonths(1), customer_id = customer })).Ok(202);
        var id = Seed.Id((await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok()[0]);

        // 3000 tokens: the first 1000 free, 2000 × 0.002 = 4; with the next fee of 20 and 10 % tax on 24.
        var explained = (await _api.GetAsync($"/invoicing/invoices/{id}/explain")).Ok();
        var line = explained.GetProperty("lines").EnumerateArray().Single(item => item.GetProperty("kind").GetString() == "usage");
        line.GetProperty("price").GetProperty("model").GetString().ShouldBe("graduated");
        line.GetProperty("tiers").EnumerateArray().Select(tier => tier.GetProperty("quantity").GetRawText()).ShouldBe(["1000", "2000"]);
        line.GetProperty("agrees").GetBoolean().ShouldBeTrue();
        Texts(line, "steps").ShouldBe(["quantity 3000", "tier 0–1000: 1000 × 0 = 0", "tier 1000–∞: 2000 × 0.002 = 4", "amount 4 USD", "rounded half away from zero to 4.00 USD", $"{name} 10 % on 4.00 USD: 0.40 USD, its share of the invoice's tax"]);
        var usage = line.GetProperty("usage");
        usage.GetProperty("event_count").GetInt32().ShouldBe(3);
        usage.GetProperty("window").GetString().ShouldBe("day");
        usage.GetProperty("totals").EnumerateArray().Select(total => total.GetProperty("value").GetRawText()).ShouldBe(["1000", "2000"]);
        usage.GetProperty("events").EnumerateArray().Select(item => item.GetProperty("id").GetString()).ShouldBe([$"{name}-c", $"{name}-b", $"{name}-a"]);
        explained.GetProperty("tax_lines")[0].GetProperty("tax_rate_id").GetString()!.ShouldStartWith("txr_");
        Texts(explained, "steps").ShouldBe(["subtotal 24.00 USD: the sum of 2 lines", $"+ 2.40 USD {name} 10 % of 24.00 USD", "total 26.40 USD", "due 26.40 USD"]);

        // A page of one event of that line, and the next.
        var page = (await _api.GetAsync($"/invoicing/invoices/{id}/explain?line_id={Seed.Id(line)}&limit=1")).Ok();
        var first = page.GetProperty("lines").EnumerateArray().Single(item => Seed.Id(item) == Seed.Id(line)).GetProperty("usage");
        var next = (await _api.GetAsync($"/invoicing/invoices/{id}/explain?line_id={Seed.Id(line)}&limit=1&cursor={first.GetProperty("next_cursor").GetString()}")).Ok();
        next.GetProperty("lines").EnumerateArray().Single(item => Seed.Id(item) == Seed.Id(line)).GetProperty("usage").GetProperty("events")[0].GetProperty("id").GetString().ShouldBe($"{name}-b");

        // What came after the bill does not change where the bill came from.
        await _seed.MoveAsync(start.AddMonths(1).AddHours(1));
        await SendAsync(name, customer, start.AddDays(3), 5, "late");
        var after = (await _api.GetAsync($"/invoicing/invoices/{id}/explain")).Ok().GetProperty("lines").EnumerateArray().Single(item => Seed.Id(item) == Seed.Id(line));
        after.GetProperty("usage").GetProperty("quantity").GetRawText().ShouldBe("3000");
        after.GetProperty("usage").GetProperty("events").GetArrayLength().ShouldBe(3);
        after.GetProperty("agrees").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_part_of_a_period_is_told_as_a_ratio_and_a_minimum_as_a_difference()
    {
        var (name, start) = (Seed.Name("explained"), await _seed.NowAsync());
        var metric = Seed.Id(await _seed.MetricAsync(name));
        var customer = Seed.Id(await _seed.CustomerAsync());
        var fee = new { currency = "USD", model = "flat", amount = 31, interval = "month", timing = "in_advance", proration = "by_day" };
        var usage = new { currency = "USD", model = "per_unit", unit_amount = "0.01", metric_id = metric, interval = "month", timing = "in_arrears", minimum_amount = 10, proration = "by_day" };
        var plan = (await _api.PostAsync("/plans", new { code = name, name, items = new object[] { new { price = fee }, new { price = usage } } })).Ok(201);
        (await _api.PostAsync($"/plans/{Seed.Id(plan)}/publish")).Ok();

        // A month of 31 days, of which 17 are left: it begins on the 15th.
        var month = new DateTimeOffset(start.Year, start.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(2);
        month = DateTime.DaysInMonth(month.Year, month.Month) == 31 ? month : month.AddMonths(1);
        month = DateTime.DaysInMonth(month.Year, month.Month) == 31 ? month : month.AddMonths(1);
        var sent = new { customer_id = customer, plan_id = Seed.Id(plan), start_at = month.AddDays(14), anchor = "calendar" };
        (await _api.PostAsync("/subscriptions", sent)).Ok(201);
        await _seed.MoveAsync(month.AddMonths(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = month.AddMonths(1), customer_id = customer })).Ok(202);
        var invoices = (await _api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok();
        var first = (await _api.GetAsync($"/invoicing/invoices/{Seed.Id(invoices[1])}/explain")).Ok().GetProperty("lines")[0];
        first.GetProperty("proration").GetRawText().ShouldBe("""{"proration":"by_day","numerator":17,"denominator":31,"factor":0.548387096774}""");
        Texts(first, "steps").ShouldBe(["quantity 1", "flat 31", "amount 31 USD", "× 17/31 of the period = 17", "rounded half away from zero to 17.00 USD"]);

        // The minimum of 10 for 17 of 31 days is 5.48; nothing was used.
        var lines = (await _api.GetAsync($"/invoicing/invoices/{Seed.Id(invoices[0])}/explain")).Ok().GetProperty("lines");
        var minimum = lines.EnumerateArray().Single(line => line.GetProperty("kind").GetString() == "minimum");
        minimum.GetProperty("amount").GetRawText().ShouldBe("5.48");
        Texts(minimum, "steps")[1].ShouldBe("the lines of the price come to 0.00 USD, which makes 5.48 USD");
    }

    [Fact]
    public async Task One_off_charges_and_credit_memos_are_explained()
    {
        var customer = Seed.Id(await _seed.CustomerAsync());
        var draft = Seed.Id((await _api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines = new[] { new { description = "Hours", unit_amount = "33.335", quantity = 3 } } })).Ok(201));
        Texts((await _api.GetAsync($"/invoicing/invoices/{draft}/explain")).Ok().GetProperty("lines")[0], "steps").ShouldBe(["3 × 33.335 = 100.005", "rounded half away from zero to 100.01 USD"]);
        (await _api.PostAsync($"/invoicing/invoices/{draft}/issue")).Ok();
        var memo = Seed.Id((await _api.PostAsync("/invoicing/credit-memos", new { invoice_id = draft, amount = "0.01", reason = "x" })).Ok(201));
        var explained = (await _api.GetAsync($"/invoicing/credit-memos/{memo}/explain")).Ok();
        explained.GetProperty("lines")[0].GetProperty("invoice_line").GetProperty("amount").GetRawText().ShouldBe("100.01");
        Texts(explained.GetProperty("lines")[0], "steps").ShouldBe(["0.01 USD of the line's 100.01 USD and 0.00 USD of its tax of 0.00 USD"]);
        var chain = (await _api.GetAsync("/invoicing/verify")).Ok();
        chain.GetProperty("valid").GetBoolean().ShouldBeTrue();
        chain.GetProperty("series").EnumerateArray().Select(series => series.GetProperty("series").GetString()).ShouldBe(["CRM", "INV"]);
        (await _api.GetAsync($"/invoicing/invoices/{draft}")).Ok().GetProperty("hash").GetString()!.Length.ShouldBe(64);
        (await _api.GetAsync("/invoicing/invoices/nothing/explain")).ShouldFail(404, "RES_001");
        (await _api.GetAsync($"/invoicing/invoices/{draft}/explain?limit=0")).ShouldFail(400, "VAL_001", "limit");
    }

    private static IReadOnlyList<string> Texts(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)];

    private async Task SendAsync(string type, string customer, DateTimeOffset at, int tokens, string id) =>
        (await _api.PostAsync("/usage/events", new { id = $"{type}-{id}", type, customer_id = customer, timestamp = at, properties = new { tokens } })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);
}
