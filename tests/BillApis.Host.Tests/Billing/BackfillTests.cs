using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Usage of the past that is put right as one, by hand-made numbers.</summary>
public sealed class BackfillTests(HostFixture host)
{
    private readonly Api _api = host.Api;
    private readonly Seed _seed = new(host.Api);

    [Fact]
    public async Task A_backfill_is_opened_filled_compared_applied_and_reverted()
    {
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("filled.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        (await SendAsync("/usage/events", Event("a", 3, 10), Event("b", 4, 20), Event("out", 20, 1))).ShouldBe((3, 0, ""));
        var opened = (await _api.PostAsync("/usage/backfills", new { customer_id = customer, from = Day(1), to = Day(10), metric_id = metric, replace_existing = true })).Ok(201);
        var path = $"/usage/backfills/{Seed.Id(opened)}";
        (opened.GetProperty("status").GetString(), opened.GetProperty("event_type").GetString(), opened.GetProperty("events").GetInt32()).ShouldBe(("open", type, 0));

        (await SendAsync(path + "/events", Event("b", 4, 20), Event("c", 5, 7), Event("c", 5, 7), Event("a", 3, 11), Event("late", 10, 1), Event("out", 3, 1))).ShouldBe((3, 1, "4 VAL_001 timestamp, 5 CON_001 id"));
        (await _api.SendTextAsync(HttpMethod.Post, path + "/events", $"id,type,customer_id,timestamp,tokens\n{type}-d,{type},{customer},2026-01-06T00:00:00Z,100\n{type}-e,{type},nobody,2026-01-06T00:00:00Z,1\n", "text/csv"))
            .Ok(202).GetProperty("rejected")[0].GetProperty("column").GetString().ShouldBe("customer_id");
        (await _api.GetAsync(path)).Ok().GetProperty("events").GetInt32().ShouldBe(4);
        (await SumAsync()).ShouldBe(31, "nothing counts yet");

        var compared = (await _api.GetAsync(path + "/compare")).Ok();
        Rows(compared).ShouldBe([$"{customer} {metric} 30 138 2 4"], "10 + 20 before; 11 + 20 + 7 + 100 after");
        (await SumAsync()).ShouldBe(31, "comparing changes nothing");
        var applied = (await _api.PostAsync(path + "/apply")).Ok();
        applied.GetProperty("effect").GetRawText().ShouldBe("""{"added":2,"amended":1,"superseded":0,"unchanged":1}""");
        (applied.GetProperty("status").GetString(), await SumAsync()).ShouldBe(("applied", 139));
        (await _api.PostAsync(path + "/apply")).Ok().GetRawText().ShouldBe(applied.GetRawText());
        Rows((await _api.GetAsync(path + "/compare")).Ok()).ShouldBe(Rows(compared));
        (await _api.PostAsync(path + "/events", Event("f", 5, 1))).ShouldFail(409, "CON_001");
        (await _api.GetAsync($"/usage/events/{type}-a")).Ok().GetProperty("state").GetString().ShouldBe("amended");

        (await _api.PostAsync(path + "/revert")).Ok().GetProperty("status").GetString().ShouldBe("reverted");
        (await SumAsync()).ShouldBe(31);
        (await _api.GetAsync($"/usage/events/{type}-c")).Ok().GetProperty("state").GetString().ShouldBe("voided");
        (await _api.PostAsync(path + "/apply")).ShouldFail(409, "CON_001");
        (await _api.GetAsync("/usage/backfills?status=reverted")).Ok().EnumerateArray().Select(Seed.Id).ShouldContain(Seed.Id(opened));

        object Event(string id, int day, int tokens) => new { id = $"{type}-{id}", type, customer_id = customer, timestamp = Day(day), properties = new { tokens } };
        async Task<decimal> SumAsync() => (await _api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from={Day(1)}&to={Day(30)}")).Ok()[0].GetProperty("value").GetDecimal();
    }

    [Fact]
    public async Task What_a_backfill_cannot_be_about_is_refused_and_one_may_be_given_up()
    {
        (await _api.PostAsync("/usage/backfills", new { })).ShouldFail(400, "VAL_001", "from", "to");
        (await _api.PostAsync("/usage/backfills", new { from = Day(2), to = Day(2) })).ShouldFail(400, "VAL_001", "to");
        (await _api.PostAsync("/usage/backfills", new { from = Day(2), to = Day(3), customer_id = "nobody" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/usage/backfills", new { from = Day(2), to = Day(3), metric_id = "nothing" })).ShouldFail(404, "RES_001");
        (await _api.PostAsync("/usage/backfills", new { from = Day(2), to = Day(3), metric_id = "x", event_type = "y" })).ShouldFail(400, "VAL_001", "metric_id");
        (await _api.GetAsync("/usage/backfills/bkf_none")).ShouldFail(404, "RES_001");

        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("given.up"));
        await _seed.MetricAsync(type);
        var path = "/usage/backfills/" + Seed.Id((await _api.PostAsync("/usage/backfills", new { from = Day(2), to = Day(3), event_type = type })).Ok(201));
        (await SendAsync(path + "/events", new { id = $"{type}-1", type, customer_id = customer, properties = new { tokens = 1 } }, new { id = $"{type}-2", type = "other", customer_id = customer, timestamp = Day(2) })).ShouldBe((0, 0, "0 VAL_001 timestamp, 1 VAL_001 type"));
        (await _api.PostAsync(path + "/revert")).Ok().GetProperty("applied_at").ValueKind.ShouldBe(JsonValueKind.Null);
        (await _api.GetAsync(path + "/compare")).Ok().GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Usage_that_a_backfill_adds_to_a_billed_month_is_adjusted_on_the_next_invoice_and_taken_back_with_it()
    {
        var now = await _seed.NowAsync();
        var (customer, type) = (Seed.Id(await _seed.CustomerAsync()), Seed.Name("billed.used"));
        var metric = Seed.Id(await _seed.MetricAsync(type));
        var price = new { currency = "USD", model = "per_unit", unit_amount = 1, metric_id = metric, interval = "day", timing = "in_arrears" };
        var plan = Seed.Id((await _api.PostAsync("/plans", new { code = Seed.Name("plan"), name = "Daily", items = new[] { new { price } } })).Ok(201));
        (await _api.PostAsync($"/plans/{plan}/publish")).Ok();
        var subscription = Seed.Id((await _api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, start_at = now })).Ok(201));
        (await _api.PostAsync("/usage/events", new { id = $"{type}-1", type, customer_id = customer, timestamp = now, properties = new { tokens = 10 } })).Ok(202);
        await _seed.MoveAsync(now.AddDays(1).AddHours(1));
        (await _api.PostAsync("/invoicing/runs?wait=true", new { as_of = now.AddDays(1), customer_id = customer })).Ok(202).GetProperty("invoices_created").GetInt32().ShouldBe(1);

        var path = "/usage/backfills/" + Seed.Id((await _api.PostAsync("/usage/backfills", new { customer_id = customer, from = now, to = now.AddHours(1), replace_existing = true })).Ok(201));
        (await SendAsync(path + "/events", new { id = $"{type}-2", type, customer_id = customer, timestamp = now, properties = new { tokens = 25 } })).ShouldBe((1, 0, ""));
        (await _api.PostAsync(path + "/apply")).Ok();
        (await TotalAsync()).ShouldBe("15", "25 in place of the 10 that were billed");
        (await _api.PostAsync(path + "/revert")).Ok();
        (await TotalAsync()).ShouldBe("0");

        async Task<string> TotalAsync() => (await _api.GetAsync($"/subscriptions/{subscription}/upcoming-invoice")).Ok().GetProperty("total").GetRawText();
    }

    private static string Day(int day) => $"2026-01-{day:00}T00:00:00Z";

    private static IEnumerable<string> Rows(JsonElement compared) => compared.EnumerateArray().Select(row => string.Join(' ', row.EnumerateObject().Select(field => field.Value.ToString())));

    private async Task<(int Accepted, int Duplicates, string Rejected)> SendAsync(string path, params object[] events)
    {
        var payload = (await _api.PostAsync(path, new { events })).Ok(202);
        var rejected = payload.GetProperty("rejected").EnumerateArray().Select(item => $"{item.GetProperty("index")} {item.GetProperty("code").GetString()} {item.GetProperty("field")}");
        return (payload.GetProperty("accepted").GetInt32(), payload.GetProperty("duplicates").GetInt32(), string.Join(", ", rejected));
    }
}
